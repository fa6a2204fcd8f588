// The names of rules that spooled records carry numbers of, kept in the state folder.
#pragma once

#include <string>

#include "filters/compile/program.h"
#include "gateway/spool/rule_names.h"

namespace sluice::commands {

// As RuleNames begins: empty where there is no such file yet, or, with a line in the log, where it
// cannot be used. What spooled records cost is then put down to rules unknown.
std::vector<std::string> LoadRuleNames(const std::string& state_folder);

// Gives the program's rules numbers; writes the file if some are new. On the disk when this
// returns, and so before any record that needs it. A failure is logged: a bill without names sends
// all the same.
void KeepRuleNames(const std::string& state_folder, const compile::Program& program,
                   spool::RuleNames* names);

}  // namespace sluice::commands
