// What the IoT Edge runtime tells a module through its environment: who it is, whom to ask, where
// to send.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "edge/transport.h"
#include "gateway/credentials/hub_identity.h"

namespace sluice::edge {

// The value of a variable, null if it is not set: std::getenv in a process.
using Environment = std::function<const char*(const char* name)>;

struct ModuleEnvironment {
  credentials::HubIdentity identity;
  std::string generation_id;
  Endpoint workload_api;
  std::string gateway_host;  // edgeHub's, and what devices beside this edge device dial
  uint16_t gateway_port = 8883;
};

// Whether this is a module, as the SDKs tell.
bool IsModule(const Environment& environment);

// One error names everything that is missing.
absl::StatusOr<ModuleEnvironment> ReadModuleEnvironment(const Environment& environment);

}  // namespace sluice::edge
