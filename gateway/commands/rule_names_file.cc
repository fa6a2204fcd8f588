#include "gateway/commands/rule_names_file.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <vector>

#include "gateway/commands/state_file.h"
#include "gateway/operate/log.h"

namespace sluice::commands {
namespace {

std::string PathIn(const std::string& state_folder) { return state_folder + "/rule-names.json"; }

void Warn(const std::string& path, const std::string& error) {
  operate::Log(operate::LogLevel::kWarning, "rule_names",
               "what spooled messages cost cannot be put down to their rules",
               {{"file", path}, {"error", error}});
}

}  // namespace

std::vector<std::string> LoadRuleNames(const std::string& state_folder) {
  const std::string path = PathIn(state_folder);
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  const nlohmann::json read = nlohmann::json::parse(std::istreambuf_iterator<char>(file), {},
                                                    nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> names;
  for (const nlohmann::json& name : read.is_array() ? read : nlohmann::json::array()) {
    if (!name.is_string()) break;
    names.push_back(name.get<std::string>());
  }
  if (read.is_array() && names.size() == read.size()) return names;
  Warn(path, "it is no list of names");
  return {};
}

void KeepRuleNames(const std::string& state_folder, const compile::Program& program,
                   spool::RuleNames* names) {
  const size_t before = names->size();
  for (const compile::Rule& rule : program.rules()) names->NumberOf(rule.name);
  const std::string path = PathIn(state_folder);
  if (names->size() == before && std::ifstream(path)) return;
  using nlohmann::json;
  const std::string text =
      json(names->names()).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  if (const absl::Status status = WriteStateFile(path, text); !status.ok())
    Warn(path, std::string(status.message()));
}

}  // namespace sluice::commands
