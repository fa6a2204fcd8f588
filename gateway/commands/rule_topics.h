// Rules for topics that no device may publish to: what only the whole configuration tells.
#pragma once

#include <vector>

#include "config/config.h"
#include "filters/compile/problem.h"
#include "filters/compile/program.h"

namespace sluice::commands {

// `program` is compiled from the configuration's rules. Appends warnings.
void CheckRuleTopics(const config::Config& config, const compile::Program& program,
                     std::vector<compile::Problem>* problems);

}  // namespace sluice::commands
