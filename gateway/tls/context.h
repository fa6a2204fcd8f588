// A listener's TLS context: who we are, whom we trust, and which protocols we speak.
//
// Immutable once made and shared by all threads; a reload makes another one. Every peer must
// present a certificate of `client_ca`. A session resumes only if its certificate would still be
// accepted today: each ticket is checked again in full, and a doubtful one leads to a full
// handshake, never to an accepted peer.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/tls/openssl_ptr.h"

namespace sluice::tls {

struct ServerOptions {
  std::string certificate;          // PEM file: our certificate, then its intermediates
  std::string key;                  // PEM file, not encrypted
  std::string client_ca;            // PEM file: the CAs whose devices may connect
  std::string min_version = "1.2";  // "1.2" or "1.3"; older ones cannot be asked for
  // PEM in place of the two files, whose names are then only what messages call it: a key that was
  // never in a file.
  std::string certificate_text = {};
  std::string key_text = {};
};

class ServerContext {
 public:
  // Fails, in words for the operator, where a file cannot be read, the key is not the
  // certificate's, or our own certificate is not valid at the moment. Owns no file afterwards.
  static absl::StatusOr<std::shared_ptr<const ServerContext>> Load(const ServerOptions& options);

  // A server-side SSL, ready for SSL_set_fd or BIOs and SSL_accept. It keeps the context alive.
  // Null only when memory has run out.
  SslPtr NewSsl() const;

  SSL_CTX* get() const { return ctx_.get(); }

  // Whether both show the same certificate, trust the same CAs and speak the same protocols: then a
  // reload keeps the one whose tickets devices hold.
  bool SameAs(const ServerContext& other) const { return facts_.shown == other.facts_.shown; }

  // When our own certificate expires, seconds since 1970: for alerts and metrics.
  int64_t not_after() const { return facts_.not_after; }

 private:
  struct Facts {
    int64_t not_after = 0;
    std::string shown;  // protocol version and fingerprints of all certificates, as configured
  };

  ServerContext(SslCtxPtr ctx, Facts facts);
  static absl::Status UseCertificate(SSL_CTX* ctx, const ServerOptions& options, Facts* facts);
  static absl::Status TrustClients(SSL_CTX* ctx, const std::string& path, Facts* facts);

  SslCtxPtr ctx_;
  Facts facts_;
};

}  // namespace sluice::tls
