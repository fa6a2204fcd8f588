// The hub's identities: DIR/devices.json, parsed once and immutable.
#pragma once

#include <cstdint>
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
  bool enforce_limits() const { return enforce_limits_; }
  // Whether this plays an edge device's edgeHub instead of the hub itself (member "edgeHub").
  bool is_edge_hub() const { return is_edge_hub_; }
  std::vector<std::string> warnings;
  bool HasCaSignedDevices() const;

 private:
  friend class RegistryReader;

  std::string host_name_;
  const Tier* tier_ = nullptr;
  uint32_t units_ = 1;
  bool enforce_limits_ = false;
  bool is_edge_hub_ = false;
  std::unordered_map<std::string, Device> devices_;    // by client id
  std::unordered_map<std::string, std::string> tags_;  // by client id; only where there are some
  std::unordered_map<std::string, Policy> policies_;
};

}  // namespace sluice::devhub
