// Certificates and keys in PEM form, from files or from text that never was in one.
//
// What is wrong is said in words for the operator, beginning with the file's name or with what the
// caller calls the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/tls/openssl_ptr.h"

namespace sluice::tls {

struct PemSource {
  std::string name;                           // the file, or what messages call the text
  std::optional<std::string_view> text = {};  // absent: read the file
};

// All of them, at least one. `what`: "client CA".
absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(const PemSource& source,
                                                      std::string_view what);
// Refuses one with a passphrase.
absl::StatusOr<PkeyPtr> ReadKey(const PemSource& source);

// Whether it is valid at the moment `now`, seconds since 1970.
absl::Status CheckValidity(const X509& certificate, const std::string& name, int64_t now);

// Of the certificate, seconds since 1970.
int64_t NotAfter(const X509& certificate);

}  // namespace sluice::tls
