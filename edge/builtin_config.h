// The configuration of a module that was given none: what its environment says, and the least that
// a gateway needs. Devices come in by certificate and publish under their own name; all of it goes
// to edgeHub.
#pragma once

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "edge/module_environment.h"

namespace sluice::edge {

// What the deployment may say of it, by `env` of the module.
struct Setting {
  const char* name;
  const char* fallback;  // null: none, and it must be said
  const char* about;
};
std::span<const Setting> Settings();

struct BuiltInConfig {
  std::string yaml;
  // If SLUICE_CLIENT_CA holds certificates, not the name of a file: to be written there.
  std::string client_ca_file;
  std::string client_ca_pem;
};

absl::StatusOr<BuiltInConfig> MakeBuiltInConfig(const ModuleEnvironment& module,
                                                const Environment& environment);

}  // namespace sluice::edge
