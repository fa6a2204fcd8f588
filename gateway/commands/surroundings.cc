#include "gateway/commands/surroundings.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "edge/module_environment.h"
#include "gateway/commands/edge_module.h"
#include "gateway/credentials/certificate.h"
#include "gateway/tls/context.h"

namespace sluice::commands {
namespace {

void WarnOfOpenSecret(const std::string& path, const std::string& key, std::string_view what,
                      config::Diagnostics& diagnostics) {
  using std::filesystem::perms;
  std::error_code error;
  const perms mode = std::filesystem::status(path, error).permissions();
  if (error || (mode & perms::others_read) == perms::none) return;
  diagnostics.Warning(diagnostics.PlaceOf(key), key,
                      fmt::format("everybody on this box may read {}", what),
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
    if (path->empty() || std::filesystem::exists(*path, error)) continue;
    all_there = false;
    const std::string file_key = fmt::format("{}.tls.{}", key, name);
    diagnostics.Warning(diagnostics.PlaceOf(file_key), file_key,
                        fmt::format("{} is not there yet", *path),
                        "sluice pki makes certificates for trials");
  }
  if (!all_there || tls.edge) return;
  WarnOfOpenSecret(tls.key, key + ".tls.key", "the key", diagnostics);
  const auto context =
      tls::ServerContext::Load({tls.certificate, tls.key, tls.client_ca, tls.min_version});
  if (context.ok()) return;
  diagnostics.Error(diagnostics.PlaceOf(key + ".tls.certificate"), key + ".tls",
                    std::string(context.status().message()));
}

// Only doubtful, whatever is wrong: devices are served meanwhile, and the files are read again for
// each connection.
void CheckOwnCertificate(const config::OutputOptions& output, const std::string& key,
                         config::Diagnostics& diagnostics) {
  if (output.certificate.empty() || output.key.empty()) return;
  for (const auto& [name, path] :
       {std::pair(".certificate", output.certificate), std::pair(".key", output.key)}) {
    std::error_code error;
    if (std::filesystem::exists(path, error)) continue;
    return diagnostics.Warning(diagnostics.PlaceOf(key + name), key + name,
                               fmt::format("{} is not there yet", path));
  }
  const auto finding = credentials::CheckCertificate(output.certificate, output.key,
                                                     std::chrono::system_clock::now());
  if (!finding) return;
  diagnostics.Warning(diagnostics.PlaceOf(key + ".certificate"), key + ".certificate",
                      finding->detail);
}

void CheckOutput(const config::OutputOptions& output, config::Diagnostics& diagnostics) {
  std::error_code error;
  const std::string key = fmt::format("outputs.{}", output.name);
  const auto warn_if_open = [&](const std::string& path, const char* name, const char* what) {
    if (!path.empty()) WarnOfOpenSecret(path, key + name, what, diagnostics);
  };
  warn_if_open(output.connection_string_file, ".connection_string_file", "the connection string");
  warn_if_open(output.password_file, ".password_file", "the password");
  warn_if_open(output.key, ".key", "the key");
  if (output.dps) {
    warn_if_open(output.dps->key_file, ".dps.key_file", "the key");
    warn_if_open(output.dps->group_key_file, ".dps.group_key_file", "the group's key");
  }
  CheckOwnCertificate(output, key, diagnostics);
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

// A file for a module may be checked elsewhere.
void CheckEdge(const config::Config& config, config::Diagnostics& diagnostics) {
  if (!UsesEdge(config)) return;
  const auto module =
      edge::ReadModuleEnvironment([](const char* name) { return std::getenv(name); });
  if (!module.ok()) diagnostics.Warning({}, "edge: true", std::string(module.status().message()));
}

}  // namespace

void CheckSurroundings(const config::Config& config, config::Diagnostics& diagnostics) {
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    CheckListener(config.listeners[i], fmt::format("listeners[{}]", i), diagnostics);
  }
  for (const config::OutputOptions& output : config.outputs) CheckOutput(output, diagnostics);
  CheckEdge(config, diagnostics);
}

}  // namespace sluice::commands
