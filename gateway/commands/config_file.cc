#include "gateway/commands/config_file.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "filters/analyze/analyze.h"
#include "filters/compile/compiler.h"
#include "gateway/commands/rule_topics.h"

namespace sluice::commands {
namespace {

void AddProblem(const compile::Problem& problem, config::Diagnostics* diagnostics) {
  const config::Place place{problem.line, problem.column, problem.length};
  const std::string key = problem.rule.empty() ? "rules" : fmt::format("rule '{}'", problem.rule);
  if (problem.severity == compile::Problem::Severity::kError) {
    diagnostics->Error(place, key, problem.message, problem.hint);
  } else {
    diagnostics->Warning(place, key, problem.message, problem.hint);
  }
}

// What the parser takes and no output of this version can use yet.
std::string NotYet(const credentials::ConnectionString& connection) {
  if (!connection.signature.empty()) {
    return "SharedAccessSignature expires and cannot be renewed here; use SharedAccessKey";
  }
  return "";
}

void AddConnection(const config::OutputOptions& output, Connections* connections,
                   config::Diagnostics* diagnostics) {
  const std::string& file = output.connection_string_file;
  const std::string key = fmt::format(
      "outputs.{}.{}", output.name, file.empty() ? "connection_string" : "connection_string_file");
  const auto refuse = [&](const std::string& fault) {
    diagnostics->Error(diagnostics->PlaceOf(key), key, file.empty() ? fault : file + ": " + fault);
  };
  absl::StatusOr<credentials::ConnectionString> connection =
      credentials::ParseConnectionString(output.connection_string);
  if (!connection.ok()) return refuse(std::string(connection.status().message()));
  if (const std::string fault = NotYet(*connection); !fault.empty()) return refuse(fault);
  if (connection->x509 && output.certificate.empty())
    return refuse("x509=true wants certificate and key of the output");
  if (!connection->x509 && !output.certificate.empty())
    return refuse("the output's certificate is of no use without x509=true");
  connections->emplace(output.name, *std::move(connection));
}

}  // namespace

std::optional<ConfigFile> LoadConfigFile(const std::string& path,
                                         config::Diagnostics* diagnostics) {
  return LoadConfig({path, std::nullopt}, diagnostics);
}

std::optional<ConfigFile> LoadConfig(const ConfigSource& source, config::Diagnostics* diagnostics) {
  std::optional<config::RulesFile> file =
      source.text ? config::LoadRulesText(*source.text, source.name, "/", diagnostics)
                  : config::LoadRules(source.name, diagnostics);
  if (!file) return std::nullopt;
  ConfigFile loaded{*std::move(file), nullptr, {}};
  std::vector<compile::Problem> problems;
  loaded.program = compile::Compile(loaded.file.rules, loaded.file.outputs, &problems);
  if (loaded.program != nullptr) {
    analyze::Analyze(loaded.file.rules, loaded.file.outputs, *loaded.program, &problems);
    if (loaded.file.config) CheckRuleTopics(*loaded.file.config, *loaded.program, &problems);
  }
  for (const compile::Problem& problem : problems) AddProblem(problem, diagnostics);
  if (!loaded.file.config) return loaded;
  for (const config::OutputOptions& output : loaded.file.config->outputs) {
    if (output.dps) {
      const std::string key = fmt::format("outputs.{}.dps", output.name);
      diagnostics->Error(diagnostics->PlaceOf(key + ".id_scope"), key,
                         "not yet: provisioning by DPS", "use a connection string for now");
    } else if (output.type == config::OutputOptions::Type::kIotHub && !output.edge) {
      AddConnection(output, &loaded.connections, diagnostics);
    }
  }
  return loaded;
}

std::shared_ptr<const compile::Program> LoadProgram(const std::string& path,
                                                    config::Diagnostics* diagnostics) {
  std::optional<ConfigFile> loaded = LoadConfigFile(path, diagnostics);
  if (!loaded || diagnostics->errors() > 0) return nullptr;
  return std::move(loaded->program);
}

}  // namespace sluice::commands
