#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "config/document.h"
#include "config/dump.h"
#include "config/sections.h"

namespace sluice::config {
namespace {

std::optional<std::string> ReadFile(const std::string& path, Diagnostics& diagnostics) {
  diagnostics.SetSource(path, "");
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    diagnostics.Error({}, "", "is a folder, not a file");
    return std::nullopt;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    diagnostics.Error({}, "", fmt::format("cannot be read: {}", std::strerror(errno)));
    return std::nullopt;
  }
  // One byte beyond the limit, which ParseDocument then refuses: a device or a pipe cannot fill the
  // memory.
  std::string text;
  constexpr size_t kChunk = 64 << 10;
  while (file && text.size() <= kMaxFileBytes) {
    const size_t size = text.size();
    text.resize(size + kChunk);
    file.read(text.data() + size, kChunk);
    text.resize(size + static_cast<size_t>(file.gcount()));
  }
  return text;
}

std::string FolderOf(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return (error ? std::filesystem::path(path) : absolute).parent_path().string();
}

std::optional<YamlNode> ParseSource(const std::string& text, const std::string& file,
                                    Diagnostics& diagnostics) {
  diagnostics.SetSource(file, text);
  std::optional<YamlNode> root = ParseDocument(text, diagnostics);
  if (root && root->kind == YamlNode::Kind::kNull) {
    diagnostics.Error({}, "", "is empty", "see config/examples/minimal.yaml");
    return std::nullopt;
  }
  return root;
}

bool HoldsRulesAlone(const YamlNode& root) {
  return root.members.size() == 1 && root.members[0].name.text == "rules";
}

void WarnOfIdleDevices(const YamlNode& root, const Config& config, Diagnostics& diagnostics) {
  const auto publishes = [](const DeviceTemplates& each) { return !each.publish.empty(); };
  const DeviceOptions& devices = config.devices;
  if (!devices.publish.empty() || std::any_of(devices.each.begin(), devices.each.end(), publishes))
    return;
  diagnostics.Warning(root.place, "devices.publish", "no device may publish anything",
                      "write publish: [\"plant/{device}/#\"] under devices");
}

std::optional<Config> ReadConfig(const YamlNode& root, const std::string& file,
                                 const std::string& folder, Diagnostics& diagnostics) {
  Reader reader(diagnostics, folder);
  Config config;
  config.file = file;
  ReadFileSection(reader, root, config);
  CheckCloud(config, diagnostics);
  if (diagnostics.errors() > 0) return std::nullopt;
  WarnOfIdleDevices(root, config, diagnostics);
  return config;
}

// What stands behind the names that a file of rules alone uses is not known; they are at least no
// errors.
std::vector<compile::OutputSpec> SupposedOutputs(const compile::RuleSetSpec& rules) {
  std::vector<compile::OutputSpec> outputs = {
      {.name = "hub", .is_iothub = true, .is_packed = false}};
  for (const compile::RuleSpec& rule : rules.rules) {
    for (const compile::Located& name : rule.into) {
      const auto same = [&](const compile::OutputSpec& output) { return output.name == name.text; };
      if (std::none_of(outputs.begin(), outputs.end(), same)) {
        outputs.push_back({.name = name.text, .is_iothub = true, .is_packed = false});
      }
    }
  }
  return outputs;
}

}  // namespace

std::optional<Config> LoadText(const std::string& text, const std::string& file,
                               const std::string& folder, Diagnostics* diagnostics) {
  const std::optional<YamlNode> root = ParseSource(text, file, *diagnostics);
  if (!root) return std::nullopt;
  return ReadConfig(*root, file, folder, *diagnostics);
}

std::optional<RulesFile> LoadRulesText(const std::string& text, const std::string& file,
                                       const std::string& folder, Diagnostics* diagnostics) {
  const std::optional<YamlNode> root = ParseSource(text, file, *diagnostics);
  if (!root) return std::nullopt;
  if (!HoldsRulesAlone(*root)) {
    std::optional<Config> config = ReadConfig(*root, file, folder, *diagnostics);
    if (!config) return std::nullopt;
    std::vector<compile::OutputSpec> outputs = OutputSpecs(*config);
    compile::RuleSetSpec rules = config->rules;
    return RulesFile{std::move(rules), std::move(outputs), std::move(config)};
  }
  Reader reader(*diagnostics, folder);
  Config config;
  SetRules(reader, OptionInfo{}, root->members[0].value, "rules", config);
  if (diagnostics->errors() > 0) return std::nullopt;
  std::vector<compile::OutputSpec> outputs = SupposedOutputs(config.rules);
  return RulesFile{std::move(config.rules), std::move(outputs), std::nullopt};
}

std::optional<RulesFile> LoadRules(const std::string& path, Diagnostics* diagnostics) {
  const std::optional<std::string> text = ReadFile(path, *diagnostics);
  if (!text) return std::nullopt;
  return LoadRulesText(*text, path, FolderOf(path), diagnostics);
}

std::optional<std::string> DumpText(const std::string& text, const std::string& file,
                                    const std::string& folder, Diagnostics* diagnostics) {
  const std::optional<RulesFile> loaded = LoadRulesText(text, file, folder, diagnostics);
  if (!loaded) return std::nullopt;
  std::optional<YamlNode> root = ParseSource(text, file, *diagnostics);
  return DumpDocument(*std::move(root), *loaded, folder);
}

std::optional<std::string> Dump(const std::string& path, Diagnostics* diagnostics) {
  const std::optional<std::string> text = ReadFile(path, *diagnostics);
  if (!text) return std::nullopt;
  return DumpText(*text, path, FolderOf(path), diagnostics);
}

std::vector<compile::OutputSpec> OutputSpecs(const Config& config) {
  std::vector<compile::OutputSpec> specs;
  for (const OutputOptions& output : config.outputs) {
    const bool is_iothub = output.type == OutputOptions::Type::kIotHub;
    specs.push_back({output.name, is_iothub, is_iothub && output.pack.enabled});
  }
  return specs;
}

}  // namespace sluice::config
