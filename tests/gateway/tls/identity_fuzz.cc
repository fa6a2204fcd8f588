// Whatever certificate a peer shows, its identity is sound or absent, and thumbprints are what they
// are.
#include <openssl/err.h>

#include <cstdint>
#include <cstdlib>

#include "gateway/tls/identity.h"
#include "gateway/tls/openssl_ptr.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::tls;
  const unsigned char* bytes = data;
  const X509Ptr certificate(d2i_X509(nullptr, &bytes, static_cast<long>(size)));
  if (certificate != nullptr) {
    for (const IdentitySource source : {IdentitySource::kCommonName, IdentitySource::kSanDns,
                                        IdentitySource::kSanUri, IdentitySource::kThumbprint}) {
      const Identity identity = IdentityOf(*certificate, source);
      Require(identity.ok() == !identity.name.empty());
      if (identity.ok()) Require(CheckIdentity(identity.name) == IdentityFault::kNone);
    }
    Require(Sha1Thumbprint(*certificate).size() == 40);
    Require(Sha256Thumbprint(*certificate).size() == 64);
  }
  // And the bytes as a name.
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  if (CheckIdentity(name) == IdentityFault::kNone) {
    Require(!name.empty() && name.size() <= kMaxIdentityBytes);
    Require(name.find_first_of(std::string_view("/+#\0\n\r\x7f", 7)) == std::string_view::npos);
  }
  ERR_clear_error();
  return 0;
}
