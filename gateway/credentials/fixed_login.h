// A login that never changes: a broker's user name and password, or a certificate.
#pragma once

#include <optional>
#include <utility>

#include "gateway/credentials/login.h"

namespace sluice::credentials {

class FixedLogin final : public LoginSource {
 public:
  explicit FixedLogin(Login login) : login_(std::move(login)) {}

  void Ask(const LoginRequest&) override { asked_ = true; }
  std::optional<LoginAnswer> Poll(TimePoint) override {
    if (!std::exchange(asked_, false)) return std::nullopt;
    return login_;
  }

 private:
  const Login login_;
  bool asked_ = false;
};

}  // namespace sluice::credentials
