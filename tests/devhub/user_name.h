// The user name of CONNECT (sheet, section 3):
//
//   username = host "/" deviceId [ "/" moduleId ] "/?" "api-version=" date *( "&" name "=" value )
//   name     = "DeviceClientType" | "model-id" | "auth-chain"        ; others are ignored, order is
//   free
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tests/devhub/identity.h"

namespace sluice::devhub {

struct UserName {
  std::string host;  // with the port, where the client dialled another than 8883
  Identity identity;
  std::string api_version;
  std::string client_type;  // DeviceClientType, what the hub logs as sdkVersion
  std::string model_id;     // of Plug and Play; stamped as dt-dataschema
};

// The error's message says what is wrong, for the log.
absl::StatusOr<UserName> ParseUserName(std::string_view text);

}  // namespace sluice::devhub
