// Session tickets stand for a certificate that was accepted once: this asks whether it would be
// accepted now. Private to this folder.
#pragma once

#include <openssl/ssl.h>

namespace sluice::tls {

// From now on `ctx` verifies the certificate in each ticket as in a full handshake. A ticket that
// fails is ignored, and the full handshake that follows says why.
void CheckTickets(SSL_CTX* ctx);

}  // namespace sluice::tls
