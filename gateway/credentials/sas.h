// Shared access signature tokens: the password that a key's owner makes for itself.
//
// Tokens and keys are secrets: nothing here puts them into a message.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sluice::credentials {

// The token for `resource` ("host/devices/id", not percent-encoded) until `expiry_s` (seconds since
// 1970), signed with `key` (raw bytes).
std::string MakeSasToken(std::string_view resource, std::string_view key, int64_t expiry_s);

// The two halves of it, for keys that sign elsewhere: what is signed by HMAC-SHA256, and the token
// with that signature in base64.
std::string SasStringToSign(std::string_view resource, int64_t expiry_s);
std::string SasToken(std::string_view resource, std::string_view signature, int64_t expiry_s);

// When a token made elsewhere expires: its "se" field, seconds since 1970.
absl::StatusOr<int64_t> SasExpiry(std::string_view token);

// When a token wants replacing: between 80 and 85 % of its life, where `draw` in [0, 1) says, so
// that gateways that started together do not renew together.
std::chrono::milliseconds SasRenewalDelay(std::chrono::milliseconds lifetime, double draw);

}  // namespace sluice::credentials
