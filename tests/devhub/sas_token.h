// SAS tokens, the password of CONNECT (sheet, section 4):
//
//   token   = "SharedAccessSignature sr=" sr "&sig=" sig "&se=" se [ "&skn=" policy ]      ; any
//   field order to-sign = sr "\n" se              ; both as they stand in the token: %2f and %2F
//   sign differently sig     = percent-encode( base64( HMAC-SHA256( base64-decode(key), to-sign ) )
//   )
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tests/devhub/identity.h"

namespace sluice::devhub {

struct SasToken {
  std::string to_sign;
  std::string resource;   // sr, decoded
  std::string signature;  // base64
  int64_t expiry = 0;     // seconds since 1970
  std::string policy;     // skn; empty: the key is the identity's own
};

// The error's message says what is wrong, never what a signature or key is.
absl::StatusOr<SasToken> ParseSasToken(std::string_view password);

// A token holds for a prefix, by whole segments, of `host/devices/d[/modules/m]`: /a/b covers
// /a/b/c but not /a/bc. `*host` gets the resource's first segment, which the caller judges.
bool CoversIdentity(const SasToken& token, const Identity& identity, std::string* host);

// `key` is the decoded key. Takes the same time wherever the signatures differ.
bool IsSignedBy(const SasToken& token, std::string_view key);

}  // namespace sluice::devhub
