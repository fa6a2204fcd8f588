// Configuration files, judged as far as they can be without starting anything: what check, run,
// filter and the like begin with, so that none of them can find fine what another refuses.
//
// Holds secrets: never log a connection.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "config/diagnostics.h"
#include "config/load.h"
#include "filters/compile/program.h"
#include "gateway/commands/config_source.h"
#include "gateway/credentials/connection_string.h"

namespace sluice::commands {

// Of outputs of type iothub that are not by `edge`, by name.
using Connections = std::map<std::string, credentials::ConnectionString>;

struct ConfigFile {
  config::RulesFile file;
  std::shared_ptr<const compile::Program> program;  // null if a rule is wrong
  Connections connections;                          // those that are fine
};

// Loads a complete configuration or a file of `rules` alone, compiles the rules and parses the
// connection strings. Nothing if the file cannot be read as either. What is wrong goes to the
// diagnostics: while they hold an error, the answer is only good for looking for more.
std::optional<ConfigFile> LoadConfigFile(const std::string& path, config::Diagnostics* diagnostics);
std::optional<ConfigFile> LoadConfig(const ConfigSource& source, config::Diagnostics* diagnostics);

// The rules of such a file. Null if there is an error anywhere in it.
std::shared_ptr<const compile::Program> LoadProgram(const std::string& path,
                                                    config::Diagnostics* diagnostics);

}  // namespace sluice::commands
