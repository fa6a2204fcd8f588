// sluice check: all that can be found wrong in a configuration without starting anything.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

#include "config/load.h"
#include "config/schema.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/tls/context.h"

namespace sluice::commands {
namespace {

void WarnOfOpenKey(const std::string& path, const std::string& key,
                   config::Diagnostics& diagnostics) {
  using std::filesystem::perms;
  std::error_code error;
  const perms mode = std::filesystem::status(path, error).permissions();
  if (error || (mode & perms::others_read) == perms::none) return;
  diagnostics.Warning(diagnostics.PlaceOf(key), key, "everybody on this box may read the key",
                      fmt::format("chmod 600 {}", path));
}

// Certificates may be made after the configuration: absent ones are doubtful, bad ones are wrong.
void CheckListener(const config::ListenerOptions& listener, const std::string& key,
                   config::Diagnostics& diagnostics) {
  const config::TlsOptions& tls = listener.tls;
  bool all_there = true;
  const std::pair<const char*, const std::string*> files[] = {
      {"certificate", &tls.certificate}, {"key", &tls.key}, {"client_ca", &tls.client_ca}};
  for (const auto& [name, path] : files) {
    std::error_code error;
    if (std::filesystem::exists(*path, error)) continue;
    all_there = false;
    const std::string file_key = fmt::format("{}.tls.{}", key, name);
    diagnostics.Warning(diagnostics.PlaceOf(file_key), file_key,
                        fmt::format("{} is not there yet", *path),
                        "sluice pki makes certificates for trials");
  }
  if (!all_there) return;
  WarnOfOpenKey(tls.key, key + ".tls.key", diagnostics);
  const auto context =
      tls::ServerContext::Load({tls.certificate, tls.key, tls.client_ca, tls.min_version});
  if (context.ok()) return;
  diagnostics.Error(diagnostics.PlaceOf(key + ".tls.certificate"), key + ".tls",
                    std::string(context.status().message()));
}

void CheckOutput(const config::OutputOptions& output, config::Diagnostics& diagnostics) {
  std::error_code error;
  const std::string key = fmt::format("outputs.{}", output.name);
  if (!output.ca.empty() && !std::filesystem::exists(output.ca, error)) {
    diagnostics.Warning(diagnostics.PlaceOf(key + ".ca"), key + ".ca",
                        fmt::format("{} is not there yet", output.ca));
  }
  const std::filesystem::path folder = std::filesystem::path(output.path).parent_path();
  if (!output.path.empty() && !std::filesystem::is_directory(folder, error)) {
    diagnostics.Warning(diagnostics.PlaceOf(key + ".path"), key + ".path",
                        fmt::format("there is no folder {} yet", folder.string()));
  }
}

void CheckSurroundings(const config::Config& config, config::Diagnostics& diagnostics) {
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    CheckListener(config.listeners[i], fmt::format("listeners[{}]", i), diagnostics);
  }
  for (const config::OutputOptions& output : config.outputs) CheckOutput(output, diagnostics);
}

std::string Count(size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string Summary(const config::RulesFile& file) {
  std::string text = Count(file.rules.rules.size(), "rule");
  if (file.config) {
    text = fmt::format("{}, {}, {}", Count(file.config->listeners.size(), "listener"), text,
                       Count(file.config->outputs.size(), "output"));
  }
  return text;
}

int Dump(const std::string& path) {
  config::Diagnostics diagnostics;
  const std::optional<std::string> dump = config::Dump(path, &diagnostics);
  if (!dump) {
    fmt::print(stderr, "{}", diagnostics.Render());
    return kExitNo;
  }
  fmt::print("{}", *dump);
  return kExitFine;
}

}  // namespace

int Check(const CheckOptions& options) {
  if (options.schema) {
    fmt::print("{}", config::JsonSchema());
    return kExitFine;
  }
  config::Diagnostics diagnostics;
  const std::optional<ConfigFile> loaded = LoadConfigFile(options.config, &diagnostics);
  if (loaded && loaded->file.config) CheckSurroundings(*loaded->file.config, diagnostics);
  fmt::print(stderr, "{}", diagnostics.Render());
  const std::string warnings = Count(diagnostics.warnings(), "warning");
  if (!loaded || diagnostics.errors() > 0) {
    fmt::print(stderr, "{}: {}, {}\n", options.config, Count(diagnostics.errors(), "error"),
               warnings);
    return kExitNo;
  }
  if (options.dump) return Dump(options.config);
  fmt::print("{}: fine: {}{}\n", options.config, Summary(loaded->file),
             diagnostics.warnings() == 0 ? "" : "; " + warnings);
  return kExitFine;
}

}  // namespace sluice::commands
