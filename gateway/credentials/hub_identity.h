// An identity of IoT Hub, a device or a module, and the names that MQTT knows it by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::credentials {

struct HubIdentity {
  std::string host_name;  // of the hub: user name and token carry it so
  std::string device_id;
  std::string module_id;  // empty: a device

  bool operator==(const HubIdentity&) const = default;
};

// No topic of telemetry is longer before its property bag.
inline constexpr uint64_t kMaxEventsTopicBytes = 320;

std::string ClientId(const HubIdentity& who);
// `product`: "sluice/1.0.0".
std::string UserName(const HubIdentity& who, std::string_view product);
std::string TokenResource(const HubIdentity& who);  // not yet percent-encoded
std::string EventsTopic(const HubIdentity& who);    // with the final '/'

}  // namespace sluice::credentials
