#include "edge/module_login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "gateway/tls/issue.h"

namespace sluice::edge {
namespace {

using causes::Cause;
using credentials::Login;
using credentials::LoginAnswer;
using credentials::LoginRequest;
using credentials::NoLogin;
using testing::HasSubstr;

std::string CaPem(const char* name) {
  tls::CertificateSpec spec;
  spec.use = tls::CertificateSpec::Use::kCa;
  spec.common_names = {name};
  spec.not_before = 1'700'000'000;
  spec.not_after = 1'900'000'000;
  return tls::Issue(spec, nullptr)->CertificatePem();
}

std::string Escaped(std::string text) {
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\\n");
  return text;
}

// A runtime that signs as the sheet's example does, or what the test says.
class Runtime {
 public:
  absl::StatusOr<HttpResponse> Answer(const HttpRequest& request) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !hold_ || cancelled_; });
    if (cancelled_) return absl::CancelledError("cancelled");
    if (request.target.find("/sign") != std::string::npos) {
      ++signed_;
      last_ = request.body;
      if (sign_status_ != 200) return HttpResponse{sign_status_, R"({"message":"no"})"};
      return HttpResponse{200, R"({"digest":"oZ+vATn+QgaA6lQAO5xpE5buDl84fe6LdOI5nhH5PRU="})"};
    }
    return HttpResponse{200, R"({"certificate":")" + Escaped(bundle_) + "\"}"};
  }
  void Set(const std::function<void(Runtime&)>& change) {
    {
      std::lock_guard lock(mutex_);
      change(*this);
    }
    changed_.notify_all();
  }

  bool hold_ = false;
  bool cancelled_ = false;
  int sign_status_ = 200;
  int signed_ = 0;
  std::string last_;
  std::string bundle_ = CaPem("one");

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class RuntimeTransport final : public Transport {
 public:
  explicit RuntimeTransport(Runtime& runtime) : runtime_(runtime) {}
  absl::StatusOr<HttpResponse> Exchange(const HttpRequest& request) override {
    return runtime_.Answer(request);
  }
  void Cancel() override {
    runtime_.Set([](Runtime& runtime) { runtime.cancelled_ = true; });
  }

 private:
  Runtime& runtime_;
};

class ModuleLoginTest : public testing::Test {
 protected:
  // 3600 s before the expiry of the sheet's example.
  static constexpr int64_t kNow = 1'893'456'000 - 3600;

  ModuleLogin::Options Options(const char* device = "edge-01") {
    ModuleLogin::Options options;
    options.module.identity = {"sluice-demo.azure-devices.net", device, "sluice"};
    options.module.generation_id = "1";
    options.module.gateway_host = "edge-01.lan";
    options.output = "accepted";
    options.product = "sluice/test";
    options.not_before = std::chrono::system_clock::from_time_t(1'700'000'000);
    options.trust_file = "/trust.pem";
    options.write_file = [this](const std::string& path, std::string_view bytes) {
      ++writes_;
      files_[path] = bytes;
      return write_status_;
    };
    return options;
  }

  std::unique_ptr<ModuleLogin> Make(ModuleLogin::Options options) {
    return std::make_unique<ModuleLogin>(std::move(options),
                                         std::make_unique<RuntimeTransport>(runtime_));
  }

  LoginRequest Request(int64_t wall_s = kNow, int failures = 0) {
    LoginRequest request;
    request.wall = std::chrono::system_clock::from_time_t(wall_s);
    request.failures = failures;
    request.ring = [this] {
      {
        std::lock_guard lock(mutex_);
        ++rung_;
      }
      bell_.notify_all();
    };
    return request;
  }

  LoginAnswer Ask(ModuleLogin& login, const LoginRequest& request) {
    const int before = Rung();
    login.Ask(request);
    std::unique_lock lock(mutex_);
    bell_.wait(lock, [&] { return rung_ > before; });
    lock.unlock();
    std::optional<LoginAnswer> answer = login.Poll({});
    EXPECT_TRUE(answer.has_value());
    EXPECT_FALSE(login.Poll({}).has_value()) << "an answer comes once";
    return answer.value_or(NoLogin{});
  }

  int Rung() {
    std::lock_guard lock(mutex_);
    return rung_;
  }

  Runtime runtime_;
  std::map<std::string, std::string> files_;
  absl::Status write_status_;
  int writes_ = 0;
  std::mutex mutex_;
  std::condition_variable bell_;
  int rung_ = 0;
};

TEST_F(ModuleLoginTest, IsTheSheetsModule) {
  const auto source = Make(Options());
  const LoginAnswer answer = Ask(*source, Request());
  ASSERT_TRUE(std::holds_alternative<Login>(answer)) << std::get<NoLogin>(answer).finding.detail;
  const Login& login = std::get<Login>(answer);
  EXPECT_EQ(login.host, "edge-01.lan");
  EXPECT_EQ(login.port, 8883);
  EXPECT_EQ(login.client_id, "edge-01/sluice");
  EXPECT_THAT(
      login.user_name,
      testing::StartsWith("sluice-demo.azure-devices.net/edge-01/sluice/?api-version=2021-04-12"));
  EXPECT_EQ(login.password,
            "SharedAccessSignature "
            "sr=sluice-demo.azure-devices.net%2Fdevices%2Fedge-01%2Fmodules%2Fsluice"
            "&sig=oZ%2BvATn%2BQgaA6lQAO5xpE5buDl84fe6LdOI5nhH5PRU%3D&se=1893456000");
  EXPECT_THAT(runtime_.last_, HasSubstr("c2x1aWNlLWRlbW8uYXp1cmUtZGV2aWNlcy5uZXQlMkZkZXZpY2VzJTJG"
                                        "ZWRnZS0wMSUyRm1vZHVsZXMlMkZzbHVpY2UKMTg5MzQ1NjAwMA=="));
  EXPECT_EQ(login.events_topic, "devices/edge-01/modules/sluice/messages/events/%24.on=accepted&");
  EXPECT_EQ(login.renew_after, std::chrono::seconds(3600) * 8 / 10);
  EXPECT_TRUE(login.is_fresh);
  EXPECT_EQ(login.ca_file, "/trust.pem");
  EXPECT_EQ(files_["/trust.pem"], runtime_.bundle_);
}

TEST_F(ModuleLoginTest, IdsAreEncodedBeforeTheResourceIs) {
  const auto source = Make(Options("a b"));
  const LoginAnswer answer = Ask(*source, Request());
  ASSERT_TRUE(std::holds_alternative<Login>(answer));
  EXPECT_THAT(std::get<Login>(answer).password, HasSubstr("%2Fdevices%2Fa%2520b%2Fmodules"));
}

TEST_F(ModuleLoginTest, TheTrustBundleIsAskedForEachTimeAndWrittenWhenItChanges) {
  const auto source = Make(Options());
  Ask(*source, Request());
  Ask(*source, Request());
  EXPECT_EQ(writes_, 1);
  runtime_.Set([](Runtime& runtime) { runtime.bundle_ = CaPem("two"); });
  Ask(*source, Request());
  EXPECT_EQ(writes_, 2);
  EXPECT_EQ(files_["/trust.pem"], runtime_.bundle_);
  Ask(*source, Request(kNow, /*failures=*/1));  // the file may be what is wrong
  EXPECT_EQ(writes_, 3);
}

TEST_F(ModuleLoginTest, ARuntimeThatIsAwayIsACauseAndTriedAgainSlower) {
  const auto source = Make(Options());
  runtime_.Set([](Runtime& runtime) { runtime.sign_status_ = 503; });
  std::chrono::milliseconds delays[6];
  for (auto& delay : delays) {
    const LoginAnswer answer = Ask(*source, Request());
    ASSERT_TRUE(std::holds_alternative<NoLogin>(answer));
    const NoLogin& none = std::get<NoLogin>(answer);
    EXPECT_EQ(none.finding.cause, Cause::kWorkload);
    EXPECT_THAT(none.finding.detail, HasSubstr("503 no"));
    delay = none.retry_after.value();
  }
  EXPECT_THAT(delays, testing::ElementsAre(std::chrono::seconds(1), std::chrono::seconds(2),
                                           std::chrono::seconds(4), std::chrono::seconds(8),
                                           std::chrono::seconds(15), std::chrono::seconds(15)));
  runtime_.Set([](Runtime& runtime) { runtime.sign_status_ = 200; });
  EXPECT_TRUE(std::holds_alternative<Login>(Ask(*source, Request())));
}

TEST_F(ModuleLoginTest, WithAWrongClockNothingIsSigned) {
  const auto source = Make(Options());
  const LoginAnswer answer = Ask(*source, Request(1'600'000'000));
  ASSERT_TRUE(std::holds_alternative<NoLogin>(answer));
  EXPECT_EQ(std::get<NoLogin>(answer).finding.cause, Cause::kClock);
  EXPECT_EQ(runtime_.signed_, 0);
}

TEST_F(ModuleLoginTest, WhereTheTrustFileCannotBeWrittenThereIsNoLogin) {
  write_status_ = absl::PermissionDeniedError("/trust.pem: read-only");
  const auto source = Make(Options());
  const LoginAnswer answer = Ask(*source, Request());
  ASSERT_TRUE(std::holds_alternative<NoLogin>(answer));
  EXPECT_THAT(std::get<NoLogin>(answer).finding.detail, HasSubstr("read-only"));
}

TEST_F(ModuleLoginTest, AnAnswerThatWasAskedForBeforeIsForgotten) {
  const auto source = Make(Options());
  runtime_.Set([](Runtime& runtime) { runtime.hold_ = true; });
  source->Ask(Request(1'893'456'000 - 7200));
  source->Ask(Request());
  runtime_.Set([](Runtime& runtime) { runtime.hold_ = false; });
  std::optional<LoginAnswer> answer;
  while (!answer) {
    std::unique_lock lock(mutex_);
    bell_.wait_for(lock, std::chrono::milliseconds(10));
    lock.unlock();
    answer = source->Poll({});
  }
  ASSERT_TRUE(std::holds_alternative<Login>(*answer));
  EXPECT_THAT(std::get<Login>(*answer).password, testing::EndsWith("&se=1893456000"));
}

TEST_F(ModuleLoginTest, EndsWhileTheRuntimeIsSilent) {
  runtime_.Set([](Runtime& runtime) { runtime.hold_ = true; });
  auto source = Make(Options());
  source->Ask(Request());
  source.reset();
  EXPECT_EQ(Rung(), 0);
}

}  // namespace
}  // namespace sluice::edge
