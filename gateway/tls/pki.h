// Makes certificates: a small CA in a folder for trials, demos and tests.
//
// Issue() makes one certificate exactly as specified, odd ones included (tests need expired and
// forged ones); the functions on a folder make only sound ones. EC P-256 throughout. Not a
// product's CA: its key lies in a file.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/tls/issue.h"

namespace sluice::tls {

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
  // Adds NAME's certificate to ca.crl; refuses one that is listed already.
  absl::Status Revoke(const std::string& name) const;

  std::string path(const std::string& file) const { return dir_ + "/" + file; }

 private:
  absl::StatusOr<Credential> LoadCa() const;

  std::string dir_;
  int64_t now_;
};

}  // namespace sluice::tls
