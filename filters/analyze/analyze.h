// What `check` warns of once all rules are compiled: conditions that are never or always true,
// parts of them that never count, rules that are never reached, costly patterns, and what makes the
// hub bill one message twice.
//
// No warning is wrong; that there is none does not mean that there is nothing to warn of.
#pragma once

#include <span>
#include <vector>

#include "filters/compile/problem.h"
#include "filters/compile/program.h"
#include "filters/compile/rule_spec.h"

namespace sluice::analyze {

// `program` is what `spec` was compiled to. Appends warnings, in the order of the rules.
void Analyze(const compile::RuleSetSpec& spec, std::span<const compile::OutputSpec> outputs,
             const compile::Program& program, std::vector<compile::Problem>* problems);

}  // namespace sluice::analyze
