#include "gateway/tls/pki.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "gateway/tls/identity.h"
#include "gateway/tls/openssl_error.h"

namespace sluice::tls {
namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kCaSeconds = 3650 * kDay;
constexpr int64_t kServerSeconds = 825 * kDay;  // what common clients accept at most
constexpr int64_t kDeviceSeconds = 730 * kDay;
constexpr int64_t kClockSkew =
    kHour;  // a device whose clock is behind must accept what was made a minute ago
constexpr size_t kMaxCommonName = 64;  // ub-common-name of RFC 5280

bool Exists(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0;
}

bool IsAddress(const std::string& host) {
  in6_addr buffer;
  return inet_pton(AF_INET, host.c_str(), &buffer) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &buffer) == 1;
}

bool IsHostName(const std::string& host) {
  return !host.empty() && host.size() <= 253 && host[0] != '-' && host[0] != '.' &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
         });
}

// A device's name names files too.
absl::Status CheckDeviceName(const std::string& name) {
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' cannot be a device's name: it {}", name, why));
  };
  const IdentityFault fault = CheckIdentity(name);
  if (fault == IdentityFault::kNotUtf8 || fault == IdentityFault::kControlCharacter) {
    return absl::InvalidArgumentError(
        fmt::format("a device's name {}", Describe(fault)));  // not to be printed
  }
  if (fault != IdentityFault::kNone) return refuse(Describe(fault));
  if (name.size() > kMaxCommonName) return refuse("is longer than 64 bytes, a common name's most");
  if (name[0] == '.') return refuse("begins with a dot");
  if (name.find('\\') != std::string::npos) return refuse("has a backslash");
  if (name == "ca" || name == "server") return refuse("is the name of another file here");
  return absl::OkStatus();
}

CertificateSpec Spec(CertificateSpec::Use use, const std::string& name, int64_t now,
                     int64_t seconds) {
  CertificateSpec spec;
  spec.use = use;
  spec.common_names = {name};
  spec.not_before = now - kClockSkew;
  spec.not_after = now + seconds;
  return spec;
}

absl::Status WriteCrl(const X509_CRL& crl, const std::string& path) {
  const std::string draft = path + ".new";
  const BioPtr bio(BIO_new_file(draft.c_str(), "w"));
  const bool written =
      bio != nullptr && PEM_write_bio_X509_CRL(bio.get(), &crl) == 1 && BIO_flush(bio.get()) == 1;
  if (written && std::rename(draft.c_str(), path.c_str()) == 0) return absl::OkStatus();
  unlink(draft.c_str());
  return absl::PermissionDeniedError(
      fmt::format("{}: cannot be written: {}", path, TakeOpenSslError()));
}

absl::StatusOr<X509CrlPtr> ReadCrl(const std::string& path) {
  ERR_clear_error();
  const BioPtr bio(BIO_new_file(path.c_str(), "r"));
  X509CrlPtr crl(bio == nullptr ? nullptr
                                : PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
  if (crl != nullptr) return crl;
  return absl::NotFoundError(fmt::format("{}: no revocation list: {}", path, TakeOpenSslError()));
}

absl::StatusOr<X509Ptr> ReadCertificate(const std::string& path) {
  ERR_clear_error();
  const BioPtr bio(BIO_new_file(path.c_str(), "r"));
  X509Ptr certificate(bio == nullptr ? nullptr
                                     : PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate != nullptr) return certificate;
  return absl::NotFoundError(fmt::format("{}: no certificate: {}", path, TakeOpenSslError()));
}

// Both or neither, and never an old key with a new certificate for longer than two renames take.
absl::Status ReplaceCredential(const Credential& credential, const std::string& certificate,
                               const std::string& key) {
  unlink((certificate + ".new").c_str());
  unlink((key + ".new").c_str());
  if (absl::Status status = WriteCredential(credential, certificate + ".new", key + ".new");
      !status.ok()) {
    return status;
  }
  if (std::rename((key + ".new").c_str(), key.c_str()) == 0 &&
      std::rename((certificate + ".new").c_str(), certificate.c_str()) == 0) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      fmt::format("{}: cannot be replaced: {}", certificate, std::strerror(errno)));
}

}  // namespace

absl::StatusOr<Credential> Pki::LoadCa() const {
  absl::StatusOr<Credential> ca = LoadCredential(path("ca.crt"), path("ca.key"));
  if (!ca.ok()) {
    return absl::NotFoundError(fmt::format("{}; 'sluice pki init {}' makes a CA",
                                           std::string(ca.status().message()), dir_));
  }
  return ca;
}

absl::Status Pki::Init(const std::string& ca_name) const {
  if (ca_name.empty() || ca_name.size() > kMaxCommonName) {
    return absl::InvalidArgumentError("the CA's name must have 1 to 64 bytes");
  }
  std::error_code error;
  std::filesystem::create_directories(dir_, error);
  if (error)
    return absl::PermissionDeniedError(
        fmt::format("{}: cannot be made: {}", dir_, error.message()));
  for (const char* file : {"ca.key", "ca.crt"}) {
    if (!Exists(path(file))) continue;
    return absl::AlreadyExistsError(fmt::format(
        "{}: there is a CA already; all its certificates would become worthless", path(file)));
  }
  absl::StatusOr<Credential> ca =
      Issue(Spec(CertificateSpec::Use::kCa, ca_name, now_, kCaSeconds), nullptr);
  if (!ca.ok()) return ca.status();
  absl::StatusOr<X509CrlPtr> crl = IssueCrl(*ca, nullptr, nullptr, now_);
  if (!crl.ok()) return crl.status();
  if (absl::Status status = WriteCredential(*ca, path("ca.crt"), path("ca.key")); !status.ok())
    return status;
  return WriteCrl(**crl, path("ca.crl"));
}

absl::Status Pki::AddServer(const std::vector<std::string>& hosts) const {
  if (hosts.empty()) return absl::InvalidArgumentError("a server needs a host name or an address");
  CertificateSpec spec =
      Spec(CertificateSpec::Use::kServer, hosts[0].substr(0, kMaxCommonName), now_, kServerSeconds);
  for (const std::string& host : hosts) {
    if (IsAddress(host)) {
      spec.addresses.push_back(host);
    } else if (IsHostName(host)) {
      spec.dns_names.push_back(host);
    } else {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no host name and no IP address", host));
    }
  }
  absl::StatusOr<Credential> ca = LoadCa();
  if (!ca.ok()) return ca.status();
  absl::StatusOr<Credential> server = Issue(spec, &*ca);
  if (!server.ok()) return server.status();
  return ReplaceCredential(*server, path("server.crt"), path("server.key"));
}

absl::StatusOr<Credential> Pki::AddDevice(const std::string& name) const {
  if (absl::Status status = CheckDeviceName(name); !status.ok()) return status;
  const std::string certificate = path(name + ".crt");
  const std::string key = path(name + ".key");
  for (const std::string& file : {certificate, key}) {
    if (Exists(file)) {
      return absl::AlreadyExistsError(
          fmt::format("{}: is there already; remove it to issue another", file));
    }
  }
  absl::StatusOr<Credential> ca = LoadCa();
  if (!ca.ok()) return ca.status();
  absl::StatusOr<Credential> device =
      Issue(Spec(CertificateSpec::Use::kDevice, name, now_, kDeviceSeconds), &*ca);
  if (!device.ok()) return device;
  if (absl::Status status = WriteCredential(*device, certificate, key); !status.ok()) return status;
  return device;
}

absl::Status Pki::Revoke(const std::string& name) const {
  if (absl::Status status = CheckDeviceName(name); !status.ok() && name != "server") return status;
  absl::StatusOr<X509Ptr> certificate = ReadCertificate(path(name + ".crt"));
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<Credential> ca = LoadCa();
  if (!ca.ok()) return ca.status();
  if (X509_check_issued(ca->certificate.get(), certificate->get()) != X509_V_OK) {
    return absl::InvalidArgumentError(fmt::format("{}.crt was not issued by this CA", path(name)));
  }
  absl::StatusOr<X509CrlPtr> previous = ReadCrl(path("ca.crl"));
  if (!previous.ok()) return previous.status();
  X509_REVOKED* listed = nullptr;
  if (X509_CRL_get0_by_cert(previous->get(), &listed, certificate->get()) == 1) {
    return absl::AlreadyExistsError(fmt::format("{} is revoked already", name));
  }
  absl::StatusOr<X509CrlPtr> crl = IssueCrl(*ca, previous->get(), certificate->get(), now_);
  if (!crl.ok()) return crl.status();
  return WriteCrl(**crl, path("ca.crl"));
}

}  // namespace sluice::tls
