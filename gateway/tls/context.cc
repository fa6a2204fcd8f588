#include "gateway/tls/context.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <ctime>
#include <vector>

#include "absl/status/status.h"
#include "gateway/tls/failed_peer.h"
#include "gateway/tls/openssl_error.h"
#include "gateway/tls/pem.h"
#include "gateway/tls/ticket_check.h"

namespace sluice::tls {
namespace {

// Forward secrecy and AEAD, or nothing. 128 bits first: the cheap one on boxes with AES
// instructions; those without put ChaCha20 first in their offer and get it
// (SSL_OP_PRIORITIZE_CHACHA).
constexpr char kTls12Ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr char kTls13Ciphers[] =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
constexpr char kGroups[] = "X25519:P-256:P-384";
constexpr char kSessionContext[] =
    "sluice";  // without one, resumption with client certificates fails
constexpr long kSessionSeconds = 3600;
constexpr int kMaxChainDepth = 4;
constexpr int kSecurityLevel = 2;  // 112 bits: RSA 2048, no SHA-1 signatures

PemSource SourceOf(const std::string& name, const std::string& text) {
  if (text.empty()) return {name};
  return {name, text};
}

void AppendFingerprint(const X509& certificate, std::string* out) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  X509_digest(&certificate, EVP_sha256(), digest, &size);
  out->append(reinterpret_cast<const char*>(digest), size);
}

absl::Status SetProtocols(SSL_CTX* ctx, const std::string& min_version) {
  if (min_version != "1.2" && min_version != "1.3") {
    return absl::InvalidArgumentError(fmt::format("min_version {}: want 1.2 or 1.3", min_version));
  }
  const int version = min_version == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION;
  SSL_CTX_set_security_level(ctx, kSecurityLevel);
  SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  if (SSL_CTX_set_min_proto_version(ctx, version) != 1 ||
      SSL_CTX_set_cipher_list(ctx, kTls12Ciphers) != 1 ||
      SSL_CTX_set_ciphersuites(ctx, kTls13Ciphers) != 1 ||
      SSL_CTX_set1_groups_list(ctx, kGroups) != 1) {
    return absl::InternalError(
        fmt::format("this OpenSSL lacks what sluice needs: {}", TakeOpenSslError()));
  }
  return absl::OkStatus();
}

absl::Status SetSessions(SSL_CTX* ctx) {
  // Tickets only: a cache would be memory that strangers fill. Their keys are this context's own.
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ctx, kSessionSeconds);
  const auto* const context = reinterpret_cast<const unsigned char*>(kSessionContext);
  if (SSL_CTX_set_session_id_context(ctx, context, sizeof kSessionContext - 1) != 1 ||
      SSL_CTX_set_num_tickets(ctx, 1) != 1) {
    return absl::InternalError(TakeOpenSslError());
  }
  CheckTickets(ctx);
  return absl::OkStatus();
}

}  // namespace

absl::Status ServerContext::UseCertificate(SSL_CTX* ctx, const ServerOptions& options,
                                           Facts* facts) {
  absl::StatusOr<std::vector<X509Ptr>> chain =
      ReadCertificates(SourceOf(options.certificate, options.certificate_text), "certificate");
  if (!chain.ok()) return chain.status();
  absl::StatusOr<PkeyPtr> key = ReadKey(SourceOf(options.key, options.key_text));
  if (!key.ok()) return key.status();
  X509* const leaf = chain->front().get();
  if (absl::Status status = CheckValidity(*leaf, options.certificate, std::time(nullptr));
      !status.ok()) {
    return status;
  }
  if (X509_check_private_key(leaf, key->get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError(fmt::format("{}: is not the key of the certificate in {}",
                                                  options.key, options.certificate));
  }
  if (SSL_CTX_use_certificate(ctx, leaf) != 1 || SSL_CTX_use_PrivateKey(ctx, key->get()) != 1) {
    return absl::InvalidArgumentError(
        fmt::format("{}: cannot be used: {}", options.certificate, TakeOpenSslError()));
  }
  for (size_t i = 1; i < chain->size(); ++i) {
    if (SSL_CTX_add1_chain_cert(ctx, (*chain)[i].get()) != 1) {
      return absl::InvalidArgumentError(fmt::format("{}: intermediate {} cannot be used: {}",
                                                    options.certificate, i, TakeOpenSslError()));
    }
  }
  for (const X509Ptr& certificate : *chain) AppendFingerprint(*certificate, &facts->shown);
  facts->not_after = NotAfter(*leaf);
  return absl::OkStatus();
}

absl::Status ServerContext::TrustClients(SSL_CTX* ctx, const std::string& path, Facts* facts) {
  absl::StatusOr<std::vector<X509Ptr>> authorities = ReadCertificates({path}, "client CA");
  if (!authorities.ok()) return authorities.status();
  X509_STORE* const store = SSL_CTX_get_cert_store(ctx);
  for (size_t i = 0; i < authorities->size(); ++i) {
    X509* const authority = (*authorities)[i].get();
    if (X509_check_ca(authority) == 0) {
      return absl::InvalidArgumentError(fmt::format(
          "{}: certificate {} is not a CA's; list the CAs that issue to devices, not devices", path,
          i + 1));
    }
    if (X509_STORE_add_cert(store, authority) != 1 || SSL_CTX_add_client_CA(ctx, authority) != 1) {
      return absl::InvalidArgumentError(
          fmt::format("{}: certificate {} cannot be used: {}", path, i + 1, TakeOpenSslError()));
    }
  }
  facts->shown += '/';
  for (const X509Ptr& authority : *authorities) AppendFingerprint(*authority, &facts->shown);
  // An intermediate may be listed without its root: then its devices are trusted, not its
  // siblings'.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  return absl::OkStatus();
}

ServerContext::ServerContext(SslCtxPtr ctx, Facts facts)
    : ctx_(std::move(ctx)), facts_(std::move(facts)) {}

absl::StatusOr<std::shared_ptr<const ServerContext>> ServerContext::Load(
    const ServerOptions& options) {
  SslCtxPtr ctx(SSL_CTX_new(TLS_server_method()));
  if (ctx == nullptr) return absl::InternalError(TakeOpenSslError());
  Facts facts;
  facts.shown = options.min_version + "/";
  if (absl::Status status = SetProtocols(ctx.get(), options.min_version); !status.ok())
    return status;
  if (absl::Status status = SetSessions(ctx.get()); !status.ok()) return status;
  if (absl::Status status = UseCertificate(ctx.get(), options, &facts); !status.ok()) return status;
  if (absl::Status status = TrustClients(ctx.get(), options.client_ca, &facts); !status.ok())
    return status;
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     RememberFailedPeer);
  SSL_CTX_set_verify_depth(ctx.get(), kMaxChainDepth);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return std::shared_ptr<const ServerContext>(new ServerContext(std::move(ctx), std::move(facts)));
}

SslPtr ServerContext::NewSsl() const {
  SslPtr ssl(SSL_new(ctx_.get()));
  if (ssl != nullptr) SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace sluice::tls
