// The hub's identities: DIR/devices.json, parsed once and immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/devhub/identity.h"
#include "tests/devhub/metering.h"

namespace sluice::devhub {

// One identity with its credentials; several kinds may be given, and any one of them then opens.
struct Device {
  Identity identity;
  std::vector<std::string> keys;         // primary and secondary, decoded
  std::vector<std::string> thumbprints;  // SHA-1 or SHA-256 of the DER leaf, lower-case hexadecimal
  bool ca_signed = false;                // a chain to ca.crt, and the identity as CN
  bool enabled = true;

  friend bool operator==(const Device&, const Device&) = default;
};

// A hub-level shared access policy. Only one with the DeviceConnect right serves devices (section
// 4).
struct Policy {
  std::vector<std::string> keys;
  bool device_connect = false;
};

// That an edge device's edgeHub is played, not the hub itself (edge-module.md).
struct EdgeHub {
  std::string device_id;          // the edge device's own
  std::string gateway_host_name;  // what its modules dial
  uint64_t certificate_s = 0;     // how long certificates of its CA live
};

class Registry {
 public:
  // The error names the member and says what it must be.
  static absl::StatusOr<Registry> Parse(std::string_view json);
  // As Parse; a file that is not there is answered with an example of one.
  static absl::StatusOr<Registry> Load(const std::string& path);

  // Whether a client may call the hub so: the host name, without regard to case. If the file's name
  // has no port, the client may add the one it dialled, which in a test is seldom 8883 and may be a
  // proxy's.
  bool IsHost(std::string_view host) const;

  // In place of the one that bears its name, if there is one.
  void Put(Device device);
  void Remove(const std::string& client_id) { devices_.erase(client_id); }

  // Null if there is none.
  const Device* Find(const Identity& identity) const;
  const Device* FindClient(const std::string& client_id) const;
  // JSON text of an object: its twin's tags when nobody has changed them yet.
  std::string TagsOf(const Identity& identity) const;
  const Policy* FindPolicy(const std::string& name) const;

  const std::string& host_name() const { return host_name_; }
  const Tier& tier() const { return *tier_; }
  uint32_t units() const { return units_; }
  // Whether the tier's send rate and day's quota are enforced, not only counted (member
  // "enforceLimits").
  bool enforce_limits() const { return enforce_limits_ && !edge_hub_; }
  // Whether there are neither messages to devices nor methods nor twins.
  bool is_basic() const { return tier_->basic && !edge_hub_; }
  // Member "edgeHub"; nothing: this is the hub itself.
  const std::optional<EdgeHub>& edge_hub() const { return edge_hub_; }
  bool is_edge_hub() const { return edge_hub_.has_value(); }
  // The edge device's own modules, by name.
  std::vector<const Device*> EdgeModules() const;
  std::vector<std::string> warnings;
  bool HasCaSignedDevices() const;

 private:
  friend class RegistryReader;

  std::string host_name_;
  const Tier* tier_ = nullptr;
  uint32_t units_ = 1;
  bool enforce_limits_ = false;
  std::optional<EdgeHub> edge_hub_;
  std::unordered_map<std::string, Device> devices_;    // by client id
  std::unordered_map<std::string, std::string> tags_;  // by client id; only where there are some
  std::unordered_map<std::string, Policy> policies_;
};

}  // namespace sluice::devhub
