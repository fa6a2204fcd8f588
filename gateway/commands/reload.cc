#include "gateway/commands/reload.h"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <utility>

#include "config/changes.h"
#include "config/diagnostics.h"
#include "filters/compile/rule_changes.h"
#include "gateway/commands/config_file.h"
#include "gateway/operate/log.h"

namespace sluice::commands {
namespace {

using operate::Log;
using operate::LogLevel;

constexpr size_t kMostDiagnostics = 20;
constexpr size_t kMostNames = 8;

LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warn") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

// "2: overheating, trend"; of many the first ones.
std::string Listed(const std::vector<std::string>& names) {
  std::string text = std::to_string(names.size());
  for (size_t i = 0; i < std::min(names.size(), kMostNames); ++i)
    text += (i == 0 ? ": " : ", ") + names[i];
  if (names.size() > kMostNames) text += ", ...";
  return text;
}

std::string Listed(const std::vector<config::Change>& changes) {
  std::vector<std::string> keys;
  keys.reserve(changes.size());
  for (const config::Change& change : changes) keys.push_back(change.key);
  return Listed(keys);
}

void Refuse(Gateway& gateway, const std::string& path, const std::string& why) {
  // Who sees the count finds the reason in the log.
  Log(LogLevel::kError, "reload_refused", "nothing was changed: " + why, {{"file", path}});
  gateway.reloads().last_successful.Set(0);
  gateway.reloads().refused.Add();
}

void LogApplied(const std::string& path, const compile::RuleChanges& rules,
                const std::vector<config::Change>& changes, std::chrono::milliseconds taken) {
  Log(LogLevel::kInfo, "reloaded",
      changes.empty() ? "the configuration file was read again: nothing has changed but perhaps "
                        "certificates"
                      : "the configuration was replaced",
      {{"file", path},
       {"keys", Listed(changes)},
       {"rules_added", Listed(rules.added)},
       {"rules_removed", Listed(rules.removed)},
       {"rules_changed", Listed(rules.changed)},
       {"rules_unchanged", std::to_string(rules.unchanged)},
       {"rules_reordered", rules.reordered ? "yes" : "no"},
       {"milliseconds", std::to_string(taken.count())}});
}

}  // namespace

void LogDiagnostics(const config::Diagnostics& diagnostics) {
  size_t shown = 0;
  for (const config::Diagnostic& each : diagnostics.all()) {
    if (++shown > kMostDiagnostics) break;
    const bool is_error = each.severity == config::Diagnostic::Severity::kError;
    Log(is_error ? LogLevel::kError : LogLevel::kWarning, "config", diagnostics.RenderLine(each));
  }
}

void SetUpLog(const config::OperateOptions& options) {
  operate::SetUpLog({.level = LevelOf(options.log_level), .json = options.log_json});
}

bool Reload(const ConfigSource& source, Gateway& gateway) {
  const std::string& path = source.name;
  const auto start = std::chrono::steady_clock::now();
  config::Diagnostics diagnostics;
  std::optional<ConfigFile> loaded = LoadConfig(source, &diagnostics);
  if (loaded && !loaded->file.config) {
    diagnostics.Error({}, "", "holds rules alone",
                      "the gateway wants listeners and outputs besides");
  }
  LogDiagnostics(diagnostics);
  if (!loaded || diagnostics.errors() > 0) {
    Refuse(gateway, path, fmt::format("the file has errors ({})", diagnostics.errors()));
    return false;
  }
  const config::Config& next = *loaded->file.config;
  const std::vector<config::Change> changes = config::CompareConfigs(gateway.config(), next);
  const compile::RuleChanges rules = compile::CompareRules(gateway.config().rules, next.rules);
  if (absl::Status status = gateway.Apply(next, std::move(loaded->program)); !status.ok()) {
    Refuse(gateway, path, std::string(status.message()));
    return false;
  }
  SetUpLog(next.operate);
  gateway.reloads().applied.Add();
  gateway.reloads().last_successful.Set(1);
  gateway.reloads().last_success_s.Set(static_cast<uint64_t>(std::time(nullptr)));
  LogApplied(path, rules, changes,
             std::chrono::duration_cast<std::chrono::milliseconds>(
                 std::chrono::steady_clock::now() - start));
  return true;
}

}  // namespace sluice::commands
