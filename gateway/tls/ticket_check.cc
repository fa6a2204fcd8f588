#include "gateway/tls/ticket_check.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <memory>

#include "gateway/tls/openssl_ptr.h"

namespace sluice::tls {
namespace {

using StoreCtxPtr = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;

// A ticket holds the peer's certificate without its intermediates: below an intermediate that
// client_ca does not list this says no, and such devices pay a full handshake each time.
bool WouldBeAccepted(SSL* ssl, const SSL_SESSION* session) {
  X509* const certificate = SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session));
  if (certificate == nullptr) return false;
  SSL_CTX* const ctx = SSL_get_SSL_CTX(ssl);
  const StoreCtxPtr verification(X509_STORE_CTX_new());
  if (verification == nullptr ||
      X509_STORE_CTX_init(verification.get(), SSL_CTX_get_cert_store(ctx), certificate, nullptr) !=
          1 ||
      X509_STORE_CTX_set_default(verification.get(), "ssl_client") != 1) {
    return false;
  }
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(verification.get());
  X509_VERIFY_PARAM_set1(parameters, SSL_CTX_get0_param(ctx));
  X509_VERIFY_PARAM_set_auth_level(parameters, SSL_CTX_get_security_level(ctx));
  return X509_verify_cert(verification.get()) == 1;
}

SSL_TICKET_RETURN OnTicket(SSL* ssl, SSL_SESSION* session, const unsigned char*, size_t,
                           SSL_TICKET_STATUS status, void*) {
  if (status == SSL_TICKET_EMPTY || status == SSL_TICKET_NO_DECRYPT)
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
    return SSL_TICKET_RETURN_ABORT;
  const bool accepted = WouldBeAccepted(ssl, session);
  ERR_clear_error();  // what this found is no reason for a failure of the handshake
  if (!accepted) return SSL_TICKET_RETURN_IGNORE_RENEW;
  // A fresh ticket at each resumption (TLS 1.3 always does).
  return status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

int OnNewTicket(SSL*, void*) { return 1; }

}  // namespace

void CheckTickets(SSL_CTX* ctx) {
  SSL_CTX_set_session_ticket_cb(ctx, OnNewTicket, OnTicket, nullptr);
}

}  // namespace sluice::tls
