// IoT Hub connection strings of devices and modules: "HostName=…;DeviceId=…;SharedAccessKey=…".
//
// Holds secrets: never log one, nor the text it was parsed from. Error messages name parts, not
// values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sluice::uplink {

struct ConnectionString {
  std::string host_name;  // as written, with ":port" if it has one: user name and token carry it so
  std::string device_id;
  std::string module_id;  // empty: a device
  std::string gateway_host_name;

  // Exactly one of these.
  std::string key;        // decoded bytes of SharedAccessKey
  std::string signature;  // a whole SharedAccessSignature, made elsewhere
  bool x509 = false;

  // Where to dial: the gateway if there is one.
  std::string dial_host;
  uint16_t dial_port = 8883;
};

// What stands between "HostName=" and the user: names ignore case, blanks around parts are dropped,
// each part is split at its first '='. Whether the hub knows any of it is not asked.
absl::StatusOr<ConnectionString> ParseConnectionString(std::string_view text);

// The MQTT names of the identity (section 3 and 6 of the hub's protocol).
std::string ClientId(const ConnectionString& c);
std::string UserName(const ConnectionString& c,
                     std::string_view product);        // product: "sluice/1.0.0"
std::string TokenResource(const ConnectionString& c);  // not yet percent-encoded
std::string EventsTopic(const ConnectionString& c);    // with the final '/'

}  // namespace sluice::uplink
