// Why the uplink does not deliver, as far as it can be told from this end, and what to do about it.
//
// MQTT 3.1.1 gives no reasons beyond five numbers, so a cause is inferred: from the CONNACK, from
// how a connection ended, and from a probe (probe.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::causes {

enum class Cause : uint8_t {
  kNone,
  kClock,
  kNameResolution,
  kRefused,
  kUnreachable,
  kTrust,
  kHostName,
  kNotAuthorised,
  kTokenExpired,
  kRejected,
  kUnavailable,
  kClosed,
  kThrottled,
  kDuplicateIdentity,
  kTooLarge,
  kCertificate,
  kCertificateEnds,
  kWorkload,
};

// A stable word for logs and metrics: "name_resolution".
std::string_view CauseName(Cause cause);

// What happened and what to do, a sentence each.
std::string_view CauseAdvice(Cause cause);

// `detail` says what only this case knows: a library's own words. Never a secret.
struct Finding {
  Cause cause = Cause::kNone;
  std::string detail;
};

}  // namespace sluice::causes
