#include "tests/devhub/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <unistd.h>

namespace sluice::devhub {
namespace {

// Section 2. TLS 1.3 has its own suites, all of them good.
constexpr char kSuites[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA384";

// During the handshake only time is judged: an expired certificate fails there (section 5). Whether
// the identity needs a certificate, and this one, is decided when CONNECT arrives (section 2).
int JudgeTime(X509_STORE_CTX* store, void*) {
  const X509* leaf = X509_STORE_CTX_get0_cert(store);
  int error = X509_V_OK;
  if (X509_cmp_current_time(X509_get0_notBefore(leaf)) >= 0) error = X509_V_ERR_CERT_NOT_YET_VALID;
  if (X509_cmp_current_time(X509_get0_notAfter(leaf)) <= 0) error = X509_V_ERR_CERT_HAS_EXPIRED;
  X509_STORE_CTX_set_error(store, error);
  return error == X509_V_OK ? 1 : 0;
}

std::string Fingerprint(const X509* certificate, const EVP_MD* digest) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  std::string hex;
  if (X509_digest(certificate, digest, bytes, &size) != 1) return hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", bytes[i]);
  return hex;
}

// The only CN of the subject, as UTF-8; empty if there is none or more than one.
std::string CommonName(const X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return "";
  unsigned char* utf8 = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return "";
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return name;
}

bool ChainsTo(X509_STORE* trusted, X509* leaf, STACK_OF(X509) * chain) {
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> context(
      X509_STORE_CTX_new(), &X509_STORE_CTX_free);
  if (context == nullptr || X509_STORE_CTX_init(context.get(), trusted, leaf, chain) != 1)
    return false;
  X509_STORE_CTX_set_default(context.get(), "ssl_client");
  return X509_verify_cert(context.get()) == 1;
}

absl::Status FileError(const std::string& path) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {} (certificates as `sluice pki init` and `sluice pki server` write them)",
                  path, LastTlsError()));
}

}  // namespace

std::string LastTlsError() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  std::string text = error == 0          ? "closed by the client"
                     : reason != nullptr ? reason
                                         : "unknown TLS error";
  ERR_clear_error();
  return text;
}

absl::StatusOr<Tls> Tls::Load(const std::string& folder) {
  Tls tls;
  tls.context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = tls.context_.get();
  if (context == nullptr) return absl::InternalError(LastTlsError());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context, kSuites);
  // No resumption: each connection is examined afresh.
  SSL_CTX_set_options(context,
                      SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One read call takes what has come, not a record: a gateway sends thousands of records a second.
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, 65'536);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);  // asked for, not required
  SSL_CTX_set_cert_verify_callback(context, JudgeTime, nullptr);

  const std::string certificate = folder + "/server.crt";
  const std::string key = folder + "/server.key";
  const std::string ca = folder + "/ca.crt";
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    return FileError(certificate);
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    return FileError(key);
  if (access(ca.c_str(), F_OK) == 0) {
    tls.trusted_.reset(X509_STORE_new());
    // A registered intermediate is as good as a root (section 5).
    X509_STORE_set_flags(tls.trusted_.get(), X509_V_FLAG_PARTIAL_CHAIN);
    if (X509_STORE_load_file(tls.trusted_.get(), ca.c_str()) != 1) return FileError(ca);
  }
  return tls;
}

std::unique_ptr<SSL, SslDeleter> Tls::Accept(int fd) const {
  std::unique_ptr<SSL, SslDeleter> ssl(SSL_new(context_.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), fd) != 1) return nullptr;
  SSL_set_accept_state(ssl.get());
  return ssl;
}

PeerCertificate Tls::Examine(SSL* ssl) const {
  PeerCertificate peer;
  X509* leaf = SSL_get0_peer_certificate(ssl);
  if (leaf == nullptr) return peer;
  peer.present = true;
  peer.common_name = CommonName(leaf);
  peer.sha1 = Fingerprint(leaf, EVP_sha1());
  peer.sha256 = Fingerprint(leaf, EVP_sha256());
  peer.chains_to_ca =
      trusted_ != nullptr && ChainsTo(trusted_.get(), leaf, SSL_get_peer_cert_chain(ssl));
  ERR_clear_error();
  return peer;
}

}  // namespace sluice::devhub
