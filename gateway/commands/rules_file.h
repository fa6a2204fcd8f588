// Rules from a file to a program: what filter, check and run begin with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "filters/compile/compiler.h"
#include "filters/compile/program.h"

namespace sluice::commands {

// What the compiler found, as diagnostics of the file that the rules were loaded from.
void AddProblems(const std::vector<compile::Problem>& problems, config::Diagnostics* diagnostics);

// Loads a complete configuration or a file of `rules` alone, and compiles it. Null if there are
// errors; diagnostics hold them and the warnings.
std::shared_ptr<const compile::Program> LoadProgram(const std::string& path,
                                                    config::Diagnostics* diagnostics);

}  // namespace sluice::commands
