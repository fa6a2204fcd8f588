#include "gateway/commands/config_source.h"

#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "edge/builtin_config.h"
#include "edge/module_environment.h"
#include "gateway/commands/state_file.h"

namespace sluice::commands {
namespace {

const char* Variable(const char* name) { return std::getenv(name); }

// The CAs of its devices may stand in the environment themselves: TLS reads them from a file.
absl::StatusOr<ConfigSource> BuiltIn() {
  const absl::StatusOr<edge::ModuleEnvironment> module = edge::ReadModuleEnvironment(Variable);
  if (!module.ok()) return module.status();
  absl::StatusOr<edge::BuiltInConfig> config = edge::MakeBuiltInConfig(*module, Variable);
  if (!config.ok()) return config.status();
  if (!config->client_ca_file.empty()) {
    const absl::Status written = WriteStateFile(config->client_ca_file, config->client_ca_pem);
    if (!written.ok()) return written;
  }
  return ConfigSource{"built-in configuration", std::move(config->yaml)};
}

}  // namespace

absl::StatusOr<ConfigSource> FindConfig(const std::string& path) {
  if (!path.empty()) return ConfigSource{path, std::nullopt};
  const char* const named = Variable("SLUICE_CONFIG");
  if (named != nullptr && *named != '\0') return ConfigSource{named, std::nullopt};
  if (edge::IsModule(Variable)) return BuiltIn();
  return absl::NotFoundError(
      "--config is required; an IoT Edge module may do without, or name the file by SLUICE_CONFIG");
}

}  // namespace sluice::commands
