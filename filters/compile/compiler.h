// Rules as written to a program, or to what is wrong with them.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "filters/compile/problem.h"
#include "filters/compile/program.h"
#include "filters/compile/rule_spec.h"

namespace sluice::compile {

// Null if, and only if, `*problems` got an error; warnings may come either way. All errors are
// found, not the first alone.
std::shared_ptr<const Program> Compile(const RuleSetSpec& spec, std::span<const OutputSpec> outputs,
                                       std::vector<Problem>* problems);

}  // namespace sluice::compile
