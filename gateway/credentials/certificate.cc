#include "gateway/credentials/certificate.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <cstdint>
#include <vector>

#include "fmt/core.h"
#include "gateway/tls/pem.h"

namespace sluice::credentials {

using causes::Cause;
using causes::Finding;

std::optional<Finding> CheckCertificate(const std::string& certificate_file,
                                        const std::string& key_file,
                                        std::chrono::system_clock::time_point now) {
  const auto fault = [](const absl::Status& status) {
    return Finding{Cause::kCertificate, std::string(status.message())};
  };
  const auto chain = tls::ReadCertificates({certificate_file}, "certificate");
  if (!chain.ok()) return fault(chain.status());
  const auto key = tls::ReadKey({key_file});
  if (!key.ok()) return fault(key.status());

  const X509& leaf = *chain->front();
  if (X509_check_private_key(chain->front().get(), key->get()) != 1) {
    ERR_clear_error();
    return Finding{Cause::kCertificate,
                   fmt::format("{} is not the key of {}", key_file, certificate_file)};
  }
  const int64_t now_s =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (absl::Status status = tls::CheckValidity(leaf, certificate_file, now_s); !status.ok()) {
    return fault(status);
  }
  const std::chrono::seconds left(tls::NotAfter(leaf) - now_s);
  if (left >= kCertificateEndsSoon) return std::nullopt;
  return Finding{Cause::kCertificateEnds,
                 fmt::format("{} serves for another {} hours", certificate_file,
                             std::chrono::duration_cast<std::chrono::hours>(left).count())};
}

}  // namespace sluice::credentials
