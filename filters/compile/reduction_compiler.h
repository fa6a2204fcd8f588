// Reducers as written to a Reduction.
#pragma once

#include <memory>

#include "filters/compile/problem.h"
#include "filters/compile/reduction.h"
#include "filters/compile/rule_spec.h"
#include "filters/language/expression.h"

namespace sluice::compile {

// Null where the rule has no reducer, or `sink` got an error.
std::unique_ptr<const Reduction> CompileReduction(const RuleSetSpec& rules, const RuleSpec& rule,
                                                  const language::ExpressionOptions& options,
                                                  ProblemSink& sink);

// The text of the rule that a reducer stands at, for messages about it; null where there is none.
const Located* FindReducer(const RuleSpec& rule);

}  // namespace sluice::compile
