// Remembers who failed verification: OpenSSL forgets a certificate that it refuses. Private to this
// folder.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace sluice::tls {

// A verify callback that changes no verdict.
int RememberFailedPeer(int preverified, X509_STORE_CTX* verification);

// "subject CN = press-01, issuer CN = other CA" of the certificate that failed on `ssl`, or empty.
std::string FailedPeer(const SSL* ssl);

}  // namespace sluice::tls
