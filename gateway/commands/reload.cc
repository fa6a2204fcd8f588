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

ReloadResult Refuse(Gateway& gateway, const std::string& path, const std::string& why,
                    std::vector<std::string> problems) {
  // Who sees the count finds the reason in the log.
  Log(LogLevel::kError, "reload_refused", "nothing was changed: " + why, {{"file", path}});
  gateway.reloads().last_successful.Set(0);
  gateway.reloads().refused.Add();
  return {false, why, std::move(problems)};
}

std::vector<std::string> Lines(const config::Diagnostics& diagnostics) {
  std::vector<std::string> lines;
  lines.reserve(diagnostics.all().size());
  for (const config::Diagnostic& each : diagnostics.all())
    lines.push_back(diagnostics.RenderLine(each));
  return lines;
}

std::vector<std::string> Lines(const cloud::Desired& desired,
                               const std::vector<cloud::Fault>& faults) {
  std::vector<std::string> lines;
  lines.reserve(faults.size());
  for (const cloud::Fault& each : faults) {
    lines.push_back(fmt::format("twin (desired version {}), {}:{}:{}: error: {}: {}",
                                desired.version, each.section, each.line, each.column, each.key,
                                each.message));
  }
  return lines;
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

ReloadResult Reload(const ConfigSource& source, Gateway& gateway) {
  const std::string& path = source.name;
  const auto start = std::chrono::steady_clock::now();
  config::Diagnostics diagnostics;
  std::optional<ConfigFile> loaded = LoadConfig(source, &diagnostics);
  if (loaded && !loaded->file.config) {
    diagnostics.Error({}, "", "holds rules alone",
                      "the gateway wants listeners and outputs besides");
  }
  LogDiagnostics(diagnostics);
  std::vector<std::string> problems = Lines(diagnostics);
  if (!loaded || diagnostics.errors() > 0) {
    return Refuse(gateway, path, fmt::format("the file has errors ({})", diagnostics.errors()),
                  std::move(problems));
  }
  config::Config next = *loaded->file.config;
  if (gateway.cloud() != nullptr && next.cloud) {
    OverlaidConfig overlaid = gateway.cloud()->Overlay(std::move(next));
    if (!overlaid.faults.empty()) {
      problems = Lines(gateway.cloud()->desired(), overlaid.faults);
      for (const std::string& line : problems) Log(LogLevel::kError, "config", line);
      return Refuse(gateway, path, "what the twin desires does not fit this file",
                    std::move(problems));
    }
    next = std::move(overlaid.config);
    loaded->program = std::move(overlaid.program);
  }
  const std::vector<config::Change> changes = config::CompareConfigs(gateway.config(), next);
  const compile::RuleChanges rules = compile::CompareRules(gateway.config().rules, next.rules);
  if (absl::Status status = gateway.Apply(std::move(next), std::move(loaded->program));
      !status.ok()) {
    return Refuse(gateway, path, std::string(status.message()), std::move(problems));
  }
  SetUpLog(gateway.config().operate);
  if (gateway.cloud() != nullptr) gateway.cloud()->OnReloaded(*std::move(loaded->file.config));
  gateway.reloads().applied.Add();
  gateway.reloads().last_successful.Set(1);
  gateway.reloads().last_success_s.Set(static_cast<uint64_t>(std::time(nullptr)));
  LogApplied(path, rules, changes,
             std::chrono::duration_cast<std::chrono::milliseconds>(
                 std::chrono::steady_clock::now() - start));
  return {true, "", std::move(problems)};
}

}  // namespace sluice::commands
