// Makes certificates: a small CA in a folder for trials, demos and tests.
//
// Issue() makes one certificate exactly as specified, odd ones included (tests need expired and
// forged ones); the functions on a folder make only sound ones. EC P-256 throughout. Not a
// product's CA: its key lies in a file.
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

// A revocation list of `issuer` over the certificates `revoked`, valid for a year from `now`.
absl::StatusOr<X509CrlPtr> IssueCrl(const Credential& issuer,
                                    const std::vector<const X509*>& revoked, int64_t now);

absl::StatusOr<Credential> LoadCredential(const std::string& certificate_file,
                                          const std::string& key_file);
// Writes both files, the key with mode 0600; neither may exist.
absl::Status WriteCredential(const Credential& credential, const std::string& certificate_file,
                             const std::string& key_file);

// The folder of `sluice pki`: ca.crt ca.key ca.crl server.crt server.key NAME.crt NAME.key.
class Pki {
 public:
  // `now` in seconds since 1970 is when the certificates begin.
  Pki(std::string dir, int64_t now) : dir_(std::move(dir)), now_(now) {}

  // Makes the folder and the CA; refuses if there is one.
  absl::Status Init(const std::string& ca_name) const;
  // Certificate for the gateway under these host names and addresses. Replaces an earlier one.
  absl::Status AddServer(const std::vector<std::string>& hosts) const;
  // Makes NAME.crt and NAME.key; refuses a name that is no identity or is taken. Returns the
  // certificate.
  absl::StatusOr<Credential> AddDevice(const std::string& name) const;
  // Adds NAME's certificate to ca.crl.
  absl::Status Revoke(const std::string& name) const;

  std::string path(const std::string& file) const { return dir_ + "/" + file; }

 private:
  std::string dir_;
  int64_t now_;
};

}  // namespace sluice::tls
