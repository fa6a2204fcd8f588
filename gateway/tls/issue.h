// Makes one certificate exactly as specified, odd ones included: tests need expired and forged
// ones.
//
// EC P-256 throughout, random serials. Nothing is checked: that is for whoever makes certificates
// to be used (pki.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/tls/openssl_ptr.h"

namespace sluice::tls {

struct CertificateSpec {
  enum class Use : uint8_t { kCa, kServer, kDevice };

  Use use = Use::kDevice;
  std::vector<std::string> common_names;  // taken as they are, NULs included
  std::vector<std::string> dns_names;     // subject alternative names, likewise
  std::vector<std::string> uris;
  std::vector<std::string> addresses;  // IPv4 or IPv6 text
  int64_t not_before = 0;              // seconds since 1970
  int64_t not_after = 0;
};

struct Credential {
  X509Ptr certificate;
  PkeyPtr key;

  std::string CertificatePem() const;
  std::string KeyPem() const;
};

// Signed by `issuer`; by itself if null. The serial is random.
absl::StatusOr<Credential> Issue(const CertificateSpec& spec, const Credential* issuer);

// A revocation list of `issuer`, valid for a year from `now`: what `previous` (null: nothing)
// lists, and `also` (null: nothing more).
absl::StatusOr<X509CrlPtr> IssueCrl(const Credential& issuer, const X509_CRL* previous,
                                    const X509* also, int64_t now);

absl::StatusOr<Credential> LoadCredential(const std::string& certificate_file,
                                          const std::string& key_file);
// Writes both files, the key with mode 0600; neither may exist.
absl::Status WriteCredential(const Credential& credential, const std::string& certificate_file,
                             const std::string& key_file);

}  // namespace sluice::tls
