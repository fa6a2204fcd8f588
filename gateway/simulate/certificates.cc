#include "gateway/simulate/certificates.h"

#include <fmt/core.h>

#include <filesystem>
#include <utility>

namespace sluice::simulate {
namespace {

bool Exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

absl::StatusOr<tls::Credential> LoadOrMake(const tls::Pki& pki, const std::string& name) {
  const std::string certificate = pki.path(name + ".crt");
  if (Exists(certificate)) return tls::LoadCredential(certificate, pki.path(name + ".key"));
  if (!Exists(pki.path("ca.key"))) {
    return absl::NotFoundError(fmt::format("{} is missing, and there is no {} to make it with",
                                           certificate, pki.path("ca.key")));
  }
  return pki.AddDevice(name);
}

}  // namespace

absl::StatusOr<std::vector<tls::Credential>> DeviceCredentials(
    const std::string& dir, const std::vector<std::string>& names, int64_t now) {
  const tls::Pki pki(dir, now);
  std::vector<tls::Credential> credentials;
  credentials.reserve(names.size());
  for (const std::string& name : names) {
    absl::StatusOr<tls::Credential> credential = LoadOrMake(pki, name);
    if (!credential.ok()) return credential.status();
    credentials.push_back(*std::move(credential));
  }
  return credentials;
}

}  // namespace sluice::simulate
