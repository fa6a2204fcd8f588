// What `check` warns of once all rules are compiled: rules that can never match, are never reached,
// or make the hub bill one message twice. Cheap and careful: no warning does not mean that there is
// nothing to warn of.
#pragma once

#include <span>
#include <vector>

#include "filters/compile/problem.h"
#include "filters/compile/program.h"
#include "filters/compile/rule_spec.h"

namespace sluice::compile {

void CheckRules(const RuleSetSpec& spec, std::span<const OutputSpec> outputs,
                const Program& program, std::vector<Problem>* problems);

}  // namespace sluice::compile
