#include "gateway/commands/rules_file.h"

#include <fmt/format.h>

#include "config/load.h"

namespace sluice::commands {

void AddProblems(const std::vector<compile::Problem>& problems, config::Diagnostics* diagnostics) {
  for (const compile::Problem& problem : problems) {
    const config::Place place{problem.line, problem.column, problem.length};
    const std::string key = problem.rule.empty() ? "rules" : fmt::format("rule '{}'", problem.rule);
    if (problem.severity == compile::Problem::Severity::kError) {
      diagnostics->Error(place, key, problem.message, problem.hint);
    } else {
      diagnostics->Warning(place, key, problem.message, problem.hint);
    }
  }
}

std::shared_ptr<const compile::Program> LoadProgram(const std::string& path,
                                                    config::Diagnostics* diagnostics) {
  const std::optional<config::RulesFile> file = config::LoadRules(path, diagnostics);
  if (!file) return nullptr;
  std::vector<compile::Problem> problems;
  std::shared_ptr<const compile::Program> program =
      compile::Compile(file->rules, file->outputs, &problems);
  AddProblems(problems, diagnostics);
  return program;
}

}  // namespace sluice::commands
