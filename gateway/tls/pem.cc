#include "gateway/tls/pem.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "gateway/tls/openssl_error.h"

namespace sluice::tls {
namespace {

absl::StatusOr<BioPtr> Open(const PemSource& source, std::string_view what) {
  ERR_clear_error();
  BioPtr bio(source.text
                 ? BIO_new_mem_buf(source.text->data(), static_cast<int>(source.text->size()))
                 : BIO_new_file(source.name.c_str(), "r"));
  if (bio != nullptr) return bio;
  const int error = errno;
  ERR_clear_error();
  const std::string message =
      fmt::format("{}: cannot read the {}: {}", source.name, what, std::strerror(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::PermissionDeniedError(message);
}

// A key with a passphrase must not make a service ask on its terminal.
int NoPassphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::string TimeText(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable time";
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

absl::StatusOr<PkeyPtr> ReadKey(const PemSource& source) {
  absl::StatusOr<BioPtr> bio = Open(source, "key");
  if (!bio.ok()) return bio.status();
  bool asked = false;
  PkeyPtr key(PEM_read_bio_PrivateKey(bio->get(), nullptr, NoPassphrase, &asked));
  if (key != nullptr) return key;
  ERR_clear_error();
  return absl::InvalidArgumentError(
      asked ? fmt::format("{}: the key is encrypted; store it without a passphrase, readable by "
                          "the service only",
                          source.name)
            : fmt::format("{}: holds no private key in PEM form", source.name));
}

absl::StatusOr<std::vector<X509Ptr>> ReadCertificates(const PemSource& source,
                                                      std::string_view what) {
  absl::StatusOr<BioPtr> bio = Open(source, what);
  if (!bio.ok()) return bio.status();
  std::vector<X509Ptr> certificates;
  while (X509* certificate = PEM_read_bio_X509(bio->get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const unsigned long error = ERR_peek_last_error();
  const bool at_end =
      ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  const std::string reason = TakeOpenSslError();
  if (certificates.empty() && at_end) {
    return absl::InvalidArgumentError(
        fmt::format("{}: holds no certificate in PEM form", source.name));
  }
  if (!at_end) {
    return absl::InvalidArgumentError(fmt::format("{}: certificate {} cannot be read: {}",
                                                  source.name, certificates.size() + 1, reason));
  }
  return certificates;
}

absl::Status CheckValidity(const X509& certificate, const std::string& name, int64_t now) {
  time_t at = now;
  if (X509_cmp_time(X509_get0_notAfter(&certificate), &at) < 0) {
    return absl::FailedPreconditionError(
        fmt::format("{}: the certificate expired on {}; issue a new one", name,
                    TimeText(X509_get0_notAfter(&certificate))));
  }
  if (X509_cmp_time(X509_get0_notBefore(&certificate), &at) > 0) {
    return absl::FailedPreconditionError(
        fmt::format("{}: the certificate is not valid before {}; check this box's clock", name,
                    TimeText(X509_get0_notBefore(&certificate))));
  }
  return absl::OkStatus();
}

int64_t NotAfter(const X509& certificate) {
  tm expiry{};
  ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &expiry);
  return timegm(&expiry);
}

}  // namespace sluice::tls
