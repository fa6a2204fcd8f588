#include "tests/gateway/tls/test_pki.h"

#include <openssl/err.h>

#include "gateway/tls/identity.h"

namespace sluice::tls {
namespace {

// The session of TLS 1.3 comes in a ticket after the handshake.
int KeepSession(SSL* ssl, SSL_SESSION* session) {
  auto* const outcome = static_cast<HandshakeOutcome*>(SSL_get_app_data(ssl));
  outcome->session.reset(session);
  return 1;
}

SslCtxPtr ClientContext(const ClientOptions& options) {
  SslCtxPtr ctx(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_security_level(ctx.get(), 0);  // a client as old as the test wants it
  SSL_CTX_set_min_proto_version(ctx.get(), options.min_version);
  SSL_CTX_set_max_proto_version(ctx.get(), options.max_version);
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx.get(), KeepSession);
  if (options.ciphers != nullptr) SSL_CTX_set_cipher_list(ctx.get(), options.ciphers);
  if (options.credential != nullptr) {
    SSL_CTX_use_certificate(ctx.get(), options.credential->certificate.get());
    SSL_CTX_use_PrivateKey(ctx.get(), options.credential->key.get());
  }
  if (options.intermediate != nullptr) {
    SSL_CTX_add1_chain_cert(ctx.get(), options.intermediate->certificate.get());
  }
  if (options.trusts != nullptr) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx.get()), options.trusts->certificate.get());
    SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER, nullptr);
  }
  return ctx;
}

void Connect(SSL* a, SSL* b) {
  BIO* near_end = nullptr;
  BIO* far_end = nullptr;
  BIO_new_bio_pair(&near_end, 1 << 16, &far_end, 1 << 16);
  SSL_set_bio(a, near_end, near_end);
  SSL_set_bio(b, far_end, far_end);
}

}  // namespace

HandshakeOutcome Shake(const ServerContext& server, const ClientOptions& client) {
  HandshakeOutcome outcome;
  const SslCtxPtr client_ctx = ClientContext(client);
  const SslPtr near_ssl(SSL_new(client_ctx.get()));
  const SslPtr far_ssl = server.NewSsl();
  SSL_set_app_data(near_ssl.get(), &outcome);
  SSL_set_connect_state(near_ssl.get());
  if (client.session != nullptr) SSL_set_session(near_ssl.get(), client.session);
  Connect(near_ssl.get(), far_ssl.get());
  bool accepted = false;
  for (int turn = 0; turn < 20 && !accepted && outcome.refusal == Refusal::kNone; ++turn) {
    SSL_do_handshake(near_ssl.get());
    ERR_clear_error();
    const int result = SSL_accept(far_ssl.get());
    accepted = result == 1;
    if (!accepted) outcome.refusal = ClassifyHandshake(far_ssl.get(), result, &outcome.detail);
  }
  EXPECT_EQ(ERR_peek_error(), 0u);
  if (!accepted) return outcome;
  SSL_do_handshake(near_ssl.get());
  char byte = 0;
  SSL_read(near_ssl.get(), &byte, 1);  // takes the ticket in
  outcome.resumed = SSL_session_reused(far_ssl.get()) == 1;
  outcome.version = SSL_version(far_ssl.get());
  outcome.identity =
      IdentityOf(*SSL_get0_peer_certificate(far_ssl.get()), IdentitySource::kCommonName).name;
  SSL_shutdown(near_ssl.get());
  SSL_shutdown(far_ssl.get());
  ERR_clear_error();
  return outcome;
}

bool CanRenegotiate(const ServerContext& server, const Credential& credential) {
  const SslCtxPtr client_ctx =
      ClientContext({.credential = &credential, .max_version = TLS1_2_VERSION});
  HandshakeOutcome outcome;
  const SslPtr near_ssl(SSL_new(client_ctx.get()));
  const SslPtr far_ssl = server.NewSsl();
  SSL_set_app_data(near_ssl.get(), &outcome);
  SSL_set_connect_state(near_ssl.get());
  Connect(near_ssl.get(), far_ssl.get());
  const auto turn = [&] {
    char byte = 0;
    SSL_do_handshake(near_ssl.get());
    SSL_read(far_ssl.get(), &byte, 1);  // does what is left of a handshake, too
  };
  for (int i = 0; i < 4; ++i) turn();
  EXPECT_TRUE(SSL_is_init_finished(near_ssl.get()));
  EXPECT_EQ(SSL_renegotiate(near_ssl.get()), 1);
  for (int i = 0; i < 4; ++i) turn();
  const bool renegotiated =
      SSL_is_init_finished(near_ssl.get()) && SSL_renegotiate_pending(near_ssl.get()) == 0;
  ERR_clear_error();
  return renegotiated;
}

Refusal ServerOn(const ServerContext& server, std::string_view bytes, bool then_close) {
  const SslPtr ssl = server.NewSsl();
  BIO* const in = BIO_new(BIO_s_mem());
  BIO_write(in, bytes.data(), static_cast<int>(bytes.size()));
  BIO_set_mem_eof_return(in, then_close ? 0 : -1);
  SSL_set_bio(ssl.get(), in, BIO_new(BIO_s_mem()));
  ERR_clear_error();
  std::string detail;
  const Refusal refusal = ClassifyHandshake(ssl.get(), SSL_accept(ssl.get()), &detail);
  EXPECT_EQ(ERR_peek_error(), 0u);
  return refusal;
}

}  // namespace sluice::tls
