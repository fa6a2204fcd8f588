// Who a peer is, by its certificate.
//
// An identity becomes part of topics, session keys and log lines, so it is checked here, once: 1 to
// 128 bytes of UTF-8 without `/ + #`, NUL and control characters. What fails that is refused, never
// repaired.
#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::tls {

inline constexpr size_t kMaxIdentityBytes = 128;

enum class IdentitySource : uint8_t { kCommonName, kSanDns, kSanUri, kThumbprint };

// Why a certificate gives no identity.
enum class IdentityFault : uint8_t {
  kNone,
  kMissing,  // no such name in the certificate
  kSeveral,  // more than one: which of them is it?
  kEmpty,
  kTooLong,
  kForbiddenCharacter,  // / + #
  kControlCharacter,    // NUL included: what C code would cut off there
  kNotUtf8,
  kUnreadable,  // the extension does not parse
};

struct Identity {
  std::string name;  // empty unless fault is kNone
  IdentityFault fault = IdentityFault::kNone;

  bool ok() const { return fault == IdentityFault::kNone; }
};

// The identity that `certificate` claims in `source`; kThumbprint is its SHA-256 in lower-case hex.
Identity IdentityOf(const X509& certificate, IdentitySource source);

// The rules above, for a name that comes from elsewhere (configuration, simulated devices).
IdentityFault CheckIdentity(std::string_view name);

// "is empty", "has a control character": to follow "the identity in its common name".
std::string_view Describe(IdentityFault fault);
std::string_view Describe(IdentitySource source);

// Lower-case hex of a certificate's digest, as IoT Hub's device registry takes it.
std::string Sha1Thumbprint(const X509& certificate);
std::string Sha256Thumbprint(const X509& certificate);

}  // namespace sluice::tls
