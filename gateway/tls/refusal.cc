#include "gateway/tls/refusal.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

#include <cstring>
#include <optional>

#include "gateway/tls/failed_peer.h"

namespace sluice::tls {
namespace {

struct Words {
  std::string_view label;
  std::string_view what;
  std::string_view advice;
};

// In the order of Refusal.
constexpr Words kWords[] = {
    {"none", "it was not refused", ""},
    {"no_certificate", "it sent no certificate",
     "give the device a certificate and key of a CA in client_ca"},
    {"unknown_ca", "its certificate is of no CA in client_ca",
     "issue it a certificate of that CA, or add its CA to client_ca"},
    {"expired", "its certificate has expired",
     "issue a new one; if it should be valid, check the gateway's clock"},
    {"not_yet_valid", "its certificate is not valid yet",
     "check the gateway's clock, and the CA's"},
    {"revoked", "its certificate is revoked",
     "issue a new one if the device is to be trusted again"},
    {"bad_certificate", "its certificate is not acceptable",
     "it needs a sound signature, a key of at least 112 bits' strength, and to allow client "
     "authentication"},
    {"protocol_version", "it speaks no TLS version that is allowed here",
     "let it speak TLS 1.2 or 1.3; see min_version"},
    {"no_shared_cipher", "it shares no cipher, group or signature algorithm with the gateway",
     "let it offer ECDHE with AES-GCM or ChaCha20-Poly1305"},
    {"not_tls", "it speaks no TLS",
     "connect with TLS; if nothing of yours is at that address, something scans ports"},
    {"peer_alert", "it gave up with an alert",
     "mostly it does not trust the gateway's certificate: give it the CA, "
     "and connect by a name in the certificate"},
    {"closed", "it closed the connection during the handshake", "look at the device's own log"},
    {"timeout", "it did not finish in time",
     "a slow link, or something that holds connections open"},
    {"bad_identity", "its certificate gives no usable identity",
     "issue one whose name has 1 to 128 bytes of UTF-8 "
     "without / + # and control characters"},
    {"too_many", "too many connections", "raise the listener's limits, or find who opens them"},
    {"other", "the handshake failed", ""},
};
static_assert(std::size(kWords) == kRefusalCount);

const Words& WordsOf(Refusal refusal) { return kWords[static_cast<size_t>(refusal)]; }

Refusal OfVerification(long result) {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Refusal::kExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Refusal::kNotYetValid;
    case X509_V_ERR_CERT_REVOKED:
      return Refusal::kRevoked;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:  // another CA of the same name
      return Refusal::kUnknownCa;
    default:
      return Refusal::kBadCertificate;
  }
}

struct ReasonOf {
  int reason;
  Refusal refusal;
};
constexpr ReasonOf kReasons[] = {
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, Refusal::kNoCertificate},
    {SSL_R_NO_CERTIFICATES_RETURNED, Refusal::kNoCertificate},
    {SSL_R_UNSUPPORTED_PROTOCOL, Refusal::kProtocolVersion},
    {SSL_R_VERSION_TOO_LOW, Refusal::kProtocolVersion},
    {SSL_R_WRONG_SSL_VERSION, Refusal::kProtocolVersion},
    {SSL_R_BAD_LEGACY_VERSION, Refusal::kProtocolVersion},
    {SSL_R_INAPPROPRIATE_FALLBACK, Refusal::kProtocolVersion},
    {SSL_R_NO_SHARED_CIPHER, Refusal::kNoSharedCipher},
    {SSL_R_NO_SHARED_GROUPS, Refusal::kNoSharedCipher},
    {SSL_R_NO_SUITABLE_GROUPS, Refusal::kNoSharedCipher},
    {SSL_R_NO_SUITABLE_KEY_SHARE, Refusal::kNoSharedCipher},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, Refusal::kNoSharedCipher},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, Refusal::kNoSharedCipher},
    {SSL_R_HTTP_REQUEST, Refusal::kNotTls},
    {SSL_R_HTTPS_PROXY_REQUEST, Refusal::kNotTls},
    {SSL_R_WRONG_VERSION_NUMBER, Refusal::kNotTls},
    {SSL_R_UNKNOWN_PROTOCOL, Refusal::kNotTls},
    {SSL_R_BAD_SIGNATURE, Refusal::kBadCertificate},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, Refusal::kClosed},
};

// Alerts that the peer sent stand in the queue as reasons beyond this offset.
bool IsPeerAlert(unsigned long error) {
  return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) > SSL_AD_REASON_OFFSET;
}

std::optional<Refusal> OfError(unsigned long error, long verification) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return std::nullopt;
  if (IsPeerAlert(error)) return Refusal::kPeerAlert;
  const int reason = ERR_GET_REASON(error);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) return OfVerification(verification);
  for (const ReasonOf& known : kReasons) {
    if (known.reason == reason) return known.refusal;
  }
  return std::nullopt;
}

// Nothing that we could read as a ClientHello has come: whatever the complaint, that is no TLS.
bool BeforeClientHello(const SSL* ssl) {
  const OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl);
  return state == TLS_ST_BEFORE;
}

void Append(std::string* detail, std::string_view text) {
  if (detail == nullptr || text.empty()) return;
  if (!detail->empty()) *detail += "; ";
  *detail += text;
}

}  // namespace

Refusal ClassifyHandshake(SSL* ssl, int result, std::string* detail) {
  if (detail != nullptr) detail->clear();
  const int kind = SSL_get_error(ssl, result);
  if (kind == SSL_ERROR_NONE || kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) {
    return Refusal::kNone;
  }
  const unsigned long first = ERR_peek_error();
  const long verification = SSL_get_verify_result(ssl);
  std::optional<Refusal> refusal;
  while (const unsigned long error = ERR_get_error()) {
    if (!refusal) refusal = OfError(error, verification);
  }
  if (const char* reason = first == 0 ? nullptr : ERR_reason_error_string(first))
    Append(detail, reason);
  if (verification != X509_V_OK) {
    Append(detail, X509_verify_cert_error_string(verification));
    Append(detail, FailedPeer(ssl));
  }
  if (refusal) return *refusal;
  if (kind == SSL_ERROR_SYSCALL || kind == SSL_ERROR_ZERO_RETURN) return Refusal::kClosed;
  if (verification != X509_V_OK) return OfVerification(verification);
  return BeforeClientHello(ssl) ? Refusal::kNotTls : Refusal::kOther;
}

std::string_view Label(Refusal refusal) { return WordsOf(refusal).label; }
std::string_view Describe(Refusal refusal) { return WordsOf(refusal).what; }
std::string_view Advice(Refusal refusal) { return WordsOf(refusal).advice; }

}  // namespace sluice::tls
