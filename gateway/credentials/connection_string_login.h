// Logins by a connection string: tokens made from its key, the token it holds, or a certificate.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "gateway/credentials/connection_string.h"
#include "gateway/credentials/login.h"

namespace sluice::credentials {

class ConnectionStringLogin final : public LoginSource {
 public:
  struct Options {
    ConnectionString connection;
    std::chrono::seconds token_lifetime{3600};
    std::string certificate_file;  // for x509=true
    std::string key_file;
    std::string ca_file;
    std::string product;  // of the user name
    // A token's times are meaningless while the clock shows a time before this.
    std::chrono::system_clock::time_point not_before;
  };

  explicit ConnectionStringLogin(Options options);

  void Ask(const LoginRequest& request) override { answer_ = Answer(request); }
  std::optional<LoginAnswer> Poll(TimePoint) override;

 private:
  LoginAnswer Answer(const LoginRequest& request) const;
  LoginAnswer ByCertificate(std::chrono::system_clock::time_point now) const;

  const Options options_;
  Login login_;  // what is the same in all of them
  std::optional<LoginAnswer> answer_;
};

}  // namespace sluice::credentials
