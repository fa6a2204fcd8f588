// Why a handshake failed: one small value for counters, and sentences for the log.
//
// Call ClassifyHandshake on the thread that ran SSL_accept, before any other OpenSSL call: it reads
// and clears that thread's error queue. Clear the queue (ERR_clear_error) before SSL_accept, or an
// older error is blamed.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/tls/identity.h"

namespace sluice::tls {

enum class Refusal : uint8_t {
  kNone,           // the handshake succeeded, or merely wants to read or write
  kNoCertificate,  // the peer sent none
  kUnknownCa,      // its chain ends at no CA of client_ca
  kExpired,
  kNotYetValid,
  kRevoked,
  kBadCertificate,   // wrong purpose, broken signature, weak key and the like
  kProtocolVersion,  // older than min_version
  kNoSharedCipher,
  kNotTls,       // plain MQTT, HTTP, a port scan
  kPeerAlert,    // the peer gave up on us: mostly it does not trust our certificate
  kClosed,       // the connection ended in mid-handshake
  kTimeout,      // the caller's to use: the deadline passed
  kBadIdentity,  // the caller's to use: IdentityOf found a fault
  kTooMany,      // the caller's to use: a cap on connections or handshakes is reached
  kOther,
};
inline constexpr size_t kRefusalCount = static_cast<size_t>(Refusal::kOther) + 1;

// What became of SSL_accept, which returned `result` (1 and "want" give kNone). `detail` gets what
// OpenSSL knows beyond the reason, for the log; it may be null.
Refusal ClassifyHandshake(SSL* ssl, int result, std::string* detail);

// Metric label: stable, snake case ("unknown_ca").
std::string_view Label(Refusal refusal);
// One clause of what happened: "its certificate has expired".
std::string_view Describe(Refusal refusal);
// What the operator can do about it: "issue a new certificate, or check the gateway's clock".
std::string_view Advice(Refusal refusal);

}  // namespace sluice::tls
