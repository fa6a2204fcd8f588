#include "edge/module_login.h"

#include <pthread.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "gateway/credentials/hub_identity.h"
#include "gateway/credentials/sas.h"
#include "gateway/credentials/text.h"

namespace sluice::edge {
namespace {

using causes::Cause;
using credentials::HubIdentity;
using credentials::Login;
using credentials::LoginAnswer;
using credentials::LoginRequest;
using credentials::NoLogin;
using std::chrono::milliseconds;

// What the runtime's own SDKs do.
constexpr milliseconds kFirstRetry{2'000};
constexpr milliseconds kLastRetry{30'000};

std::string Encoded(std::string_view id) {
  std::string text;
  credentials::AppendPercentEncoded(id, &text);
  return text;
}

Login WhatStays(const ModuleLogin::Options& options) {
  const HubIdentity& who = options.module.identity;
  Login login;
  login.host = options.module.gateway_host;
  login.port = options.module.gateway_port;
  login.client_id = credentials::ClientId(who);
  login.user_name = credentials::UserName(who, options.product);
  login.ca_file = options.trust_file;
  login.identity = who;
  // The bag that follows is never empty: a message always says its content type.
  login.events_topic = credentials::EventsTopic(who) + "%24.on=" + Encoded(options.output) + "&";
  return login;
}

}  // namespace

ModuleLogin::ModuleLogin(Options options, std::unique_ptr<Transport> transport)
    : options_(std::move(options)),
      transport_(std::move(transport)),
      client_(options_.module.identity.module_id, options_.module.generation_id, *transport_),
      login_(WhatStays(options_)),
      thread_(&ModuleLogin::Run, this) {}

ModuleLogin::~ModuleLogin() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  transport_->Cancel();
  asked_.notify_one();
  thread_.join();
}

void ModuleLogin::Ask(const LoginRequest& request) {
  {
    std::lock_guard lock(mutex_);
    request_ = request;
    answer_.reset();
    superseded_ = busy_;
  }
  asked_.notify_one();
}

std::optional<LoginAnswer> ModuleLogin::Poll(TimePoint) {
  std::lock_guard lock(mutex_);
  return std::exchange(answer_, std::nullopt);
}

void ModuleLogin::Run() {
  pthread_setname_np(pthread_self(), "edge-login");
  std::unique_lock lock(mutex_);
  for (;;) {
    asked_.wait(lock, [this] { return request_ || stopping_; });
    if (stopping_) return;
    const LoginRequest request = *std::exchange(request_, std::nullopt);
    busy_ = true;
    lock.unlock();
    LoginAnswer answer = Answer(request);
    lock.lock();
    busy_ = false;
    if (std::exchange(superseded_, false) || stopping_) continue;
    answer_ = std::move(answer);
    lock.unlock();
    if (request.ring) request.ring();
    lock.lock();
  }
}

LoginAnswer ModuleLogin::Answer(const LoginRequest& request) {
  NoLogin none;
  if (request.wall < options_.not_before) {
    none.finding = {Cause::kClock, "it shows a time before this program was built"};
    return none;
  }
  absl::StatusOr<std::string> token = MakeToken(request.wall);
  const absl::Status trust = token.ok() ? RefreshTrust(request.failures > 0) : token.status();
  if (!trust.ok()) {
    none.finding = {Cause::kWorkload, std::string(trust.message())};
    none.retry_after = NextDelay(request.draw);
    return none;
  }
  failures_ = 0;
  Login login = login_;
  login.password = *std::move(token);
  login.renew_after = credentials::SasRenewalDelay(options_.token_lifetime, request.draw);
  login.is_fresh = true;
  return login;
}

absl::StatusOr<std::string> ModuleLogin::MakeToken(std::chrono::system_clock::time_point wall) {
  const HubIdentity& who = options_.module.identity;
  // Ids are encoded once before the resource is encoded as a whole, as the runtime's SDKs do.
  const std::string resource =
      credentials::TokenResource({who.host_name, Encoded(who.device_id), Encoded(who.module_id)});
  const int64_t expiry_s =
      std::chrono::duration_cast<std::chrono::seconds>(wall.time_since_epoch()).count() +
      options_.token_lifetime.count();
  const absl::StatusOr<std::string> signature =
      client_.Sign(credentials::SasStringToSign(resource, expiry_s));
  if (!signature.ok()) return signature.status();
  return credentials::SasToken(resource, *signature, expiry_s);
}

// Asked each time: when the edge device gets another CA, the next connection knows it. `anew`: the
// file may be what is wrong.
absl::Status ModuleLogin::RefreshTrust(bool anew) {
  absl::StatusOr<std::string> bundle = client_.TrustBundle();
  if (!bundle.ok()) return bundle.status();
  if (*bundle == trusted_ && !anew) return absl::OkStatus();
  if (absl::Status written = options_.write_file(options_.trust_file, *bundle); !written.ok())
    return written;
  trusted_ = *std::move(bundle);
  return absl::OkStatus();
}

// 2 s doubled to 30 s, each drawn from its upper half.
milliseconds ModuleLogin::NextDelay(double draw) {
  const milliseconds whole = std::min(kFirstRetry * (1 << std::min(failures_, 4)), kLastRetry);
  ++failures_;
  return milliseconds(static_cast<int64_t>(static_cast<double>(whole.count()) * (0.5 + draw / 2)));
}

}  // namespace sluice::edge
