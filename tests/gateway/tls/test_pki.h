// A folder of certificates for one test, and handshakes in memory.
#pragma once

#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

#include "gateway/tls/context.h"
#include "gateway/tls/issue.h"
#include "gateway/tls/pki.h"
#include "gateway/tls/refusal.h"

namespace sluice::tls {

inline constexpr int64_t kTestDay = int64_t{24} * 3600;

// Makes a fresh folder, removed in the end.
class TestFolder {
 public:
  TestFolder() {
    std::string name = testing::TempDir() + "/sluice-tls-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~TestFolder() { std::filesystem::remove_all(path_); }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string operator/(const std::string& file) const { return path_ + "/" + file; }
  const std::string& path() const { return path_; }

  std::string Write(const std::string& file, const std::string& text) const {
    std::ofstream(*this / file) << text;
    return *this / file;
  }

 private:
  std::string path_;
};

inline CertificateSpec DeviceSpec(const std::string& name) {
  CertificateSpec spec;
  spec.common_names = {name};
  spec.not_before = std::time(nullptr) - kTestDay;
  spec.not_after = std::time(nullptr) + kTestDay;
  return spec;
}

inline Credential MustIssue(const CertificateSpec& spec, const Credential* issuer) {
  absl::StatusOr<Credential> made = Issue(spec, issuer);
  EXPECT_TRUE(made.ok()) << made.status();
  return *std::move(made);
}

inline Credential MustIssueCa(const std::string& name) {
  CertificateSpec spec = DeviceSpec(name);
  spec.use = CertificateSpec::Use::kCa;
  return MustIssue(spec, nullptr);
}

// What a client brings to a handshake.
struct ClientOptions {
  const Credential* credential = nullptr;
  const Credential* intermediate = nullptr;
  int max_version = 0;
  int min_version = 0;
  const char* ciphers = nullptr;
  const Credential* trusts = nullptr;  // verifies the server if given
  SSL_SESSION* session = nullptr;
};

struct HandshakeOutcome {
  Refusal refusal = Refusal::kNone;
  std::string detail;
  std::string identity;  // common name, where the server accepted
  bool resumed = false;
  int version = 0;
  std::unique_ptr<SSL_SESSION, Freed<SSL_SESSION_free>> session;  // the client's, to resume with
};

// Runs a handshake between `server` and a client in memory, and closes both ends properly.
HandshakeOutcome Shake(const ServerContext& server, const ClientOptions& client);
// Whether a client that has finished a TLS 1.2 handshake can start another one on the same
// connection.
bool CanRenegotiate(const ServerContext& server, const Credential& credential);
// The server's verdict on `bytes`, followed by the end of the connection.
Refusal ServerOn(const ServerContext& server, std::string_view bytes, bool then_close);

}  // namespace sluice::tls
