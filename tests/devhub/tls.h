// The hub's TLS: its context, and what a finished handshake says about the client (sheet, sections
// 2 and 5).
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/devhub/authenticate.h"

namespace sluice::devhub {

struct SslDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};

class Tls {
 public:
  // server.crt (with its chain), server.key and, if it is there, ca.crt of `folder`.
  static absl::StatusOr<Tls> Load(const std::string& folder);

  std::unique_ptr<SSL, SslDeleter> Accept(int fd) const;
  // After the handshake. Nothing is decided here: a certificate of nobody's is only looked at.
  PeerCertificate Examine(SSL* ssl) const;
  bool has_ca() const { return trusted_ != nullptr; }

 private:
  std::unique_ptr<SSL_CTX, SslDeleter> context_;
  std::unique_ptr<X509_STORE, SslDeleter> trusted_;
};

// The reason of the last error in OpenSSL's queue, which is emptied; "closed by the client" if it
// holds none.
std::string LastTlsError();

}  // namespace sluice::devhub
