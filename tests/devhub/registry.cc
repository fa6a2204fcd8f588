#include "tests/devhub/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/devhub/json_reader.h"
#include "tests/devhub/text.h"
#include "tests/devhub/twin_limits.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kWantId = "want 1 to 128 characters of A-Za-z0-9-:.+%_#*?!(),=@;$'";

constexpr std::string_view kExample = R"({
  "hostName": "127.0.0.1", "tier": "S1", "units": 1,
  "devices": [
    {"deviceId": "gw-01", "primaryKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
    {"deviceId": "gw-02", "caSigned": true},
    {"deviceId": "edge-01", "moduleId": "sluice", "thumbprint": "<SHA-1 or SHA-256 of the certificate>", "status": "disabled"}
  ]
})";

}  // namespace

class RegistryReader {
 public:
  explicit RegistryReader(Registry* registry)
      : registry_(*registry), reader_(&registry->warnings) {}

  absl::Status Read(const Json& root) {
    if (!root.is_object()) return absl::InvalidArgumentError("want an object");
    reader_.Expect(
        root, {"hostName", "tier", "units", "devices", "policies", "enforceLimits", "edgeHub"});
    registry_.host_name_ = reader_.Text(root, "hostName", "");
    if (registry_.host_name_.empty()) {
      reader_.Fail("hostName", "is missing: what clients call this hub");
    }
    const std::string tier = reader_.Text(root, "tier", "S1");
    registry_.tier_ = FindTier(tier);
    if (registry_.tier_ == nullptr) {
      reader_.Fail("tier",
                   fmt::format("\"{}\" is none of F1, B1, B2, B3, S1, S2, S3", Printable(tier)));
      return reader_.status();
    }
    registry_.units_ =
        static_cast<uint32_t>(reader_.Count(root, "units", 1, registry_.tier_->most_units, 1));
    registry_.enforce_limits_ = reader_.Flag(root, "enforceLimits");
    reader_.ForEach(root, "devices", [this](const Json& entry) { ReadDevice(entry); });
    reader_.ForEach(root, "policies", [this](const Json& entry) { ReadPolicy(entry); });
    ReadEdgeHub(root);
    return reader_.status();
  }

 private:
  void ReadEdgeHub(const Json& root) {
    const Json* entry = reader_.Object(root, "edgeHub");
    if (entry == nullptr) return;
    reader_.Expect(*entry, {"deviceId", "gatewayHostName", "certificateSeconds"});
    EdgeHub& edge_hub = registry_.edge_hub_.emplace();
    edge_hub.device_id = reader_.Text(*entry, "deviceId", "");
    if (!IsValidId(edge_hub.device_id)) reader_.Fail("edgeHub.deviceId", kWantId);
    edge_hub.gateway_host_name = reader_.Text(*entry, "gatewayHostName", "localhost");
    constexpr uint64_t kNinetyDays = uint64_t{90} * 86'400;
    edge_hub.certificate_s =
        reader_.Count(*entry, "certificateSeconds", 1, 10 * kNinetyDays, kNinetyDays);
  }

  void ReadDevice(const Json& entry) {
    reader_.Expect(entry, {"deviceId", "moduleId", "primaryKey", "secondaryKey", "thumbprint",
                           "secondaryThumbprint", "caSigned", "status", "tags"});
    Device device;
    device.identity = {reader_.Text(entry, "deviceId", ""), reader_.Text(entry, "moduleId", "")};
    if (!IsValidId(device.identity.device)) reader_.Fail("deviceId", kWantId);
    if (!device.identity.module.empty() && !IsValidId(device.identity.module)) {
      reader_.Fail("moduleId", kWantId);
    }
    reader_.Keys(entry, &device.keys);
    reader_.Thumbprints(entry, &device.thumbprints);
    device.ca_signed = reader_.Flag(entry, "caSigned");
    device.enabled = reader_.IsEnabled(entry);
    if (device.keys.empty() && device.thumbprints.empty() && !device.ca_signed) {
      reader_.Fail("", "has no credential: want primaryKey, thumbprint or caSigned");
    }
    const std::string client_id = device.identity.ClientId();
    ReadTags(entry, client_id);
    if (!registry_.devices_.emplace(client_id, std::move(device)).second) {
      reader_.Fail("", fmt::format("{} stands there twice", Printable(client_id)));
    }
  }

  void ReadTags(const Json& entry, const std::string& client_id) {
    const Json* tags = reader_.Object(entry, "tags");
    if (tags == nullptr) return;
    const absl::Status status = CheckTwinPatch(*tags);
    if (!status.ok()) return reader_.Fail("tags", std::string(status.message()));
    if (TwinSize(*tags) > kMostTagsBytes) {
      return reader_.Fail("tags", "above 8 KB of keys and values");
    }
    registry_.tags_[client_id] = tags->dump();
  }

  void ReadPolicy(const Json& entry) {
    reader_.Expect(entry, {"name", "primaryKey", "secondaryKey", "rights"});
    Policy policy;
    reader_.Keys(entry, &policy.keys);
    // As Azure lists them: "RegistryRead, DeviceConnect".
    const std::string rights = reader_.Text(entry, "rights", "");
    policy.device_connect = rights.find("DeviceConnect") != rights.npos;
    const std::string name = reader_.Text(entry, "name", "");
    if (name.empty()) return reader_.Fail("name", "is missing");
    if (policy.keys.empty()) return reader_.Fail("primaryKey", "is missing");
    if (!registry_.policies_.emplace(name, std::move(policy)).second) {
      reader_.Fail("name", "stands there twice");
    }
  }

  Registry& registry_;
  JsonReader reader_;
};

absl::StatusOr<Registry> Registry::Parse(std::string_view json) {
  try {
    Registry registry;
    absl::Status status = RegistryReader(&registry).Read(Json::parse(json));
    if (!status.ok()) return status;
    return registry;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(error.what());
  }
}

absl::StatusOr<Registry> Registry::Load(const std::string& path) {
  std::string text;
  if (absl::Status status = ReadFile(path, kExample, &text); !status.ok()) return status;
  absl::StatusOr<Registry> registry = Parse(text);
  if (!registry.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", path, std::string(registry.status().message())));
  }
  return registry;
}

void Registry::Put(Device device) {
  const std::string client_id = device.identity.ClientId();
  devices_[client_id] = std::move(device);
}

bool Registry::IsHost(std::string_view host) const {
  const auto is = [host](const std::string& name) {
    if (EqualsIgnoringCase(host, name)) return true;
    const size_t colon = host.rfind(':');
    if (colon == host.npos || name.find(':') != name.npos) return false;
    const std::string_view port = host.substr(colon + 1);
    return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == port.npos &&
           EqualsIgnoringCase(host.substr(0, colon), name);
  };
  // A child may put the gateway's name in the hub's place (section 15).
  return is(host_name_) || (edge_hub_ && is(edge_hub_->gateway_host_name));
}

std::vector<const Device*> Registry::EdgeModules() const {
  std::vector<const Device*> modules;
  for (const auto& [client_id, device] : devices_) {
    if (edge_hub_ && device.identity.device == edge_hub_->device_id &&
        !device.identity.module.empty()) {
      modules.push_back(&device);
    }
  }
  std::sort(modules.begin(), modules.end(), [](const Device* a, const Device* b) {
    return a->identity.module < b->identity.module;
  });
  return modules;
}

const Device* Registry::Find(const Identity& identity) const {
  return FindClient(identity.ClientId());
}

const Device* Registry::FindClient(const std::string& client_id) const {
  const auto found = devices_.find(client_id);
  return found == devices_.end() ? nullptr : &found->second;
}

std::string Registry::TagsOf(const Identity& identity) const {
  const auto found = tags_.find(identity.ClientId());
  return found == tags_.end() ? "{}" : found->second;
}

const Policy* Registry::FindPolicy(const std::string& name) const {
  const auto found = policies_.find(name);
  return found == policies_.end() ? nullptr : &found->second;
}

bool Registry::HasCaSignedDevices() const {
  return std::any_of(devices_.begin(), devices_.end(),
                     [](const auto& entry) { return entry.second.ca_signed; });
}

}  // namespace sluice::devhub
