#include "tests/gateway/server/test_pki.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <utility>

namespace sluice::server {
namespace {

template <typename T>
T Must(absl::StatusOr<T> made) {
  if (made.ok()) return *std::move(made);
  std::fprintf(stderr, "test pki: %s\n", made.status().ToString().c_str());
  std::abort();
}

void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "test pki: %s\n", status.ToString().c_str());
  std::abort();
}

constexpr int64_t kDay = 86'400;

tls::Credential MakeCa(const std::string& name) {
  tls::CertificateSpec spec;
  spec.use = tls::CertificateSpec::Use::kCa;
  spec.common_names = {name};
  spec.not_before = std::time(nullptr) - 2 * kDay;
  spec.not_after = std::time(nullptr) + kDay;
  return Must(tls::Issue(spec, nullptr));
}

}  // namespace

const TestPki& TestPki::Get() {
  static const TestPki pki;
  return pki;
}

TestPki::TestPki() : ca_(MakeCa("sluice test CA")), other_ca_(MakeCa("another CA")) {
  std::string dir = std::filesystem::temp_directory_path() / "sluice_server_test_XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) std::abort();
  dir_ = dir;
  tls::CertificateSpec spec;
  spec.use = tls::CertificateSpec::Use::kServer;
  spec.common_names = {"localhost"};
  spec.dns_names = {"localhost"};
  spec.addresses = {"127.0.0.1", "::1"};
  spec.not_before = std::time(nullptr) - kDay;
  spec.not_after = std::time(nullptr) + kDay;
  Must(tls::WriteCredential(Must(tls::Issue(spec, &ca_)), path("server.crt"), path("server.key")));
  Must(tls::WriteCredential(ca_, path("ca.crt"), path("ca.key")));
}

TestPki::~TestPki() { std::filesystem::remove_all(dir_); }

tls::Credential TestPki::Make(const std::string& common_name, int64_t not_after,
                              const tls::Credential& issuer) const {
  tls::CertificateSpec spec;
  spec.common_names = {common_name};
  spec.not_before = std::time(nullptr) - kDay;
  spec.not_after = not_after;
  return Must(tls::Issue(spec, &issuer));
}

tls::Credential TestPki::Device(const std::string& common_name) const {
  return Make(common_name, std::time(nullptr) + kDay, ca_);
}

tls::Credential TestPki::Expired(const std::string& common_name) const {
  return Make(common_name, std::time(nullptr) - 60, ca_);
}

tls::Credential TestPki::OfAnotherCa(const std::string& common_name) const {
  return Make(common_name, std::time(nullptr) + kDay, other_ca_);
}

void TestPki::WriteDevice(const std::string& common_name) const {
  if (std::filesystem::exists(path(common_name + ".crt"))) return;
  Must(tls::WriteCredential(Device(common_name), path(common_name + ".crt"),
                            path(common_name + ".key")));
}

}  // namespace sluice::server
