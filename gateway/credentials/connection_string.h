// IoT Hub connection strings of devices and modules: "HostName=…;DeviceId=…;SharedAccessKey=…".
//
// Holds secrets: never log one, nor the text it was parsed from. Error messages name parts, not
// values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "gateway/credentials/hub_identity.h"

namespace sluice::credentials {

struct ConnectionString {
  HubIdentity identity;  // host_name as written, with ":port" if it has one
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

}  // namespace sluice::credentials
