#include "edge/module_environment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "gateway/credentials/text.h"

namespace sluice::edge {
namespace {

constexpr char kWorkloadUri[] = "IOTEDGE_WORKLOADURI";
constexpr char kGatewayHost[] = "IOTEDGE_GATEWAYHOSTNAME";
constexpr size_t kMaxIdBytes = 128;

// Ids stand in topics and in the client id.
bool IsId(std::string_view id) {
  return id.size() <= kMaxIdBytes && std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return c > 0x20 && c < 0x7f && c != '/' && c != '+' && c != '#';
         });
}

// "edge-01.lan", on a bench "127.0.0.1:8884".
bool ReadGateway(std::string_view text, ModuleEnvironment* into) {
  const size_t colon = text.rfind(':');
  into->gateway_host = text.substr(0, colon);
  if (colon == std::string_view::npos) return true;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, into->gateway_port);
  return error == std::errc() && stop == end && into->gateway_port != 0 &&
         !into->gateway_host.empty() && into->gateway_host.find(':') == std::string::npos;
}

}  // namespace

bool IsModule(const Environment& environment) { return environment(kWorkloadUri) != nullptr; }

absl::StatusOr<ModuleEnvironment> ReadModuleEnvironment(const Environment& environment) {
  ModuleEnvironment module;
  std::string workload_uri;
  std::string gateway;
  const std::pair<const char*, std::string*> wanted[] = {
      {kWorkloadUri, &workload_uri},
      {"IOTEDGE_DEVICEID", &module.identity.device_id},
      {"IOTEDGE_MODULEID", &module.identity.module_id},
      {"IOTEDGE_MODULEGENERATIONID", &module.generation_id},
      {"IOTEDGE_IOTHUBHOSTNAME", &module.identity.host_name},
      {kGatewayHost, &gateway}};
  std::string missing;
  for (const auto& [name, into] : wanted) {
    if (const char* const value = environment(name); value != nullptr) *into = value;
    if (into->empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  if (!missing.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("not in the environment of this process: {}; the IoT Edge runtime sets them "
                    "for its modules",
                    missing));
  }
  const char* const scheme = environment("IOTEDGE_AUTHSCHEME");
  if (scheme != nullptr && !credentials::EqualsIgnoringCase(scheme, "sasToken")) {
    return absl::UnimplementedError(
        fmt::format("IOTEDGE_AUTHSCHEME: '{}' is not known here, want sasToken", scheme));
  }
  for (const auto& [name, id] : {std::pair("IOTEDGE_DEVICEID", &module.identity.device_id),
                                 std::pair("IOTEDGE_MODULEID", &module.identity.module_id)}) {
    if (!IsId(*id)) return absl::InvalidArgumentError(fmt::format("{}: '{}' is no id", name, *id));
  }
  absl::StatusOr<Endpoint> endpoint = ParseEndpoint(workload_uri);
  if (!endpoint.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", kWorkloadUri, std::string(endpoint.status().message())));
  }
  module.workload_api = *std::move(endpoint);
  if (!ReadGateway(gateway, &module))
    return absl::InvalidArgumentError(fmt::format("{}: '{}' is no host", kGatewayHost, gateway));
  return module;
}

}  // namespace sluice::edge
