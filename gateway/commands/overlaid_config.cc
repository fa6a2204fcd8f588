#include "gateway/commands/overlaid_config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "config/load.h"
#include "config/overlay.h"
#include "filters/compile/compiler.h"
#include "filters/json/reader.h"
#include "gateway/cloud/desired_sections.h"
#include "gateway/commands/state_file.h"
#include "gateway/operate/log.h"

namespace sluice::commands {
namespace {

constexpr char kFile[] = "/desired.json";

std::string WithHint(const std::string& message, const std::string& hint) {
  return hint.empty() ? message : message + "; " + hint;
}

void AddFaults(const std::string& section, const config::Diagnostics& diagnostics,
               std::vector<cloud::Fault>* faults) {
  for (const config::Diagnostic& each : diagnostics.all()) {
    if (each.severity != config::Diagnostic::Severity::kError) continue;
    faults->push_back(
        {section, each.place.line, each.place.column, each.key, WithHint(each.message, each.hint)});
  }
}

void Compile(OverlaidConfig* overlaid) {
  std::vector<compile::Problem> problems;
  overlaid->program =
      compile::Compile(overlaid->config.rules, config::OutputSpecs(overlaid->config), &problems);
  if (overlaid->program != nullptr) return;
  for (const compile::Problem& each : problems) {
    if (each.severity != compile::Problem::Severity::kError) continue;
    overlaid->faults.push_back({"rules", each.line, each.column,
                                each.rule.empty() ? "rules" : fmt::format("rule '{}'", each.rule),
                                WithHint(each.message, each.hint)});
  }
}

// {"version":7,"sluice":{…}}
bool Parse(std::string_view text, cloud::Desired* desired) {
  json::Reader reader(text);
  if (!reader.BeginObject()) return false;
  std::string_view key;
  std::string_view value;
  while (reader.Next(&key)) {
    reader.ReadValue(&value);
    if (key == "version")
      std::from_chars(value.data(), value.data() + value.size(), desired->version);
    if (key == cloud::kSection) desired->section = value;
  }
  return reader.AtEnd() && desired->version != 0 && !desired->section.empty();
}

}  // namespace

OverlaidConfig LayOverDesired(config::Config file, const cloud::Desired& desired) {
  OverlaidConfig overlaid{std::move(file), nullptr, {}, {}};
  const std::vector<cloud::SectionText> sections = cloud::ReadSections(
      desired.section, config::kOverlaySections, overlaid.config.cloud->desired, &overlaid.faults);
  const std::string source = fmt::format("twin (desired version {})", desired.version);
  for (const cloud::SectionText& each : sections) {
    config::Diagnostics diagnostics;
    config::LayOver(each.name, each.text, source, &overlaid.config, &diagnostics);
    AddFaults(each.name, diagnostics, &overlaid.faults);
    overlaid.sections.push_back(each.name);
  }
  if (overlaid.faults.empty()) Compile(&overlaid);
  return overlaid;
}

cloud::Desired LoadDesired(const config::GatewayOptions& gateway) {
  const std::string path = gateway.state + kFile;
  const absl::StatusOr<std::string> text = ReadStateFile(path);
  if (absl::IsNotFound(text.status())) return {};
  cloud::Desired desired;
  if (text.ok() && Parse(*text, &desired)) return desired;
  operate::Log(operate::LogLevel::kError, "desired_lost",
               "what the twin desired last cannot be read: the file alone is in force until the "
               "hub is there",
               {{"file", path}, {"error", std::string(text.status().message())}});
  return {};
}

absl::Status KeepDesired(const config::GatewayOptions& gateway, const cloud::Desired& desired) {
  const std::string path = gateway.state + kFile;
  if (desired.section.empty()) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return absl::ErrnoToStatus(errno, path);
    return absl::OkStatus();
  }
  return WriteStateFile(path, fmt::format("{{\"version\":{},\"{}\":{}}}\n", desired.version,
                                          cloud::kSection, desired.section));
}

}  // namespace sluice::commands
