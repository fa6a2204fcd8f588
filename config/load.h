// Reads configuration files.
//
// What is wrong goes to the diagnostics, each with its place; nothing is returned unless the file
// has no error. Conditions and topics of rules are not compiled here, and connection strings not
// parsed: gateway/commands/config_file.h does all of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/diagnostics.h"

namespace sluice::config {

// A complete configuration from memory; relative paths are relative to `folder`.
std::optional<Config> LoadText(const std::string& text, const std::string& file,
                               const std::string& folder, Diagnostics* diagnostics);

// As far as `filter`, `explain`, `diff`, `bench` and `check` need it.
struct RulesFile {
  compile::RuleSetSpec rules;
  std::vector<compile::OutputSpec> outputs;
  std::optional<Config> config;  // the whole of it, if it is a complete configuration
};

// A complete configuration, or a file that holds `rules` alone: there every output that a rule
// names is taken to exist, and `hub` besides; both are iothub outputs without packing, so that no
// warning supposes what is not known.
std::optional<RulesFile> LoadRules(const std::string& path, Diagnostics* diagnostics);
std::optional<RulesFile> LoadRulesText(const std::string& text, const std::string& file,
                                       const std::string& folder, Diagnostics* diagnostics);

// The configuration in force, as YAML: defaults filled in, paths absolute, secrets masked. Of
// either kind of file.
std::optional<std::string> Dump(const std::string& path, Diagnostics* diagnostics);
std::optional<std::string> DumpText(const std::string& text, const std::string& file,
                                    const std::string& folder, Diagnostics* diagnostics);

std::vector<compile::OutputSpec> OutputSpecs(const Config& config);

}  // namespace sluice::config
