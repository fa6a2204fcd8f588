#include "gateway/credentials/connection_string_login.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/credentials/sas.h"

namespace sluice::credentials {
namespace {

using namespace std::chrono_literals;
using causes::Cause;

constexpr int64_t kNow = 1'800'000'000;

// The answer at `wall` seconds since 1970.
LoginAnswer Ask(const std::string& connection_string, int64_t wall = kNow) {
  const absl::StatusOr<ConnectionString> connection = ParseConnectionString(connection_string);
  EXPECT_TRUE(connection.ok()) << connection.status();
  ConnectionStringLogin source(
      {.connection = *connection,
       .certificate_file = "gw.crt",
       .key_file = "gw.key",
       .ca_file = "ca.crt",
       .product = "p",
       .not_before = std::chrono::system_clock::time_point(1'700'000'000s)});
  EXPECT_FALSE(source.Poll({}).has_value()) << "nobody asked";
  LoginRequest request;
  request.wall = std::chrono::system_clock::time_point(std::chrono::seconds(wall));
  request.draw = 0.5;
  source.Ask(request);
  std::optional<LoginAnswer> answer = source.Poll({});
  EXPECT_FALSE(source.Poll({}).has_value()) << "once";
  return *std::move(answer);
}

Cause CauseOf(const LoginAnswer& answer) { return std::get<NoLogin>(answer).finding.cause; }

TEST(ConnectionStringLoginTest, AKeyMakesATokenThatHoldsForItsLifetimeFromNow) {
  const auto login =
      std::get<Login>(Ask("HostName=hub.example:99;DeviceId=gw;SharedAccessKey=AAEC"));
  EXPECT_EQ(login.host, "hub.example");
  EXPECT_EQ(login.port, 99);
  EXPECT_EQ(login.client_id, "gw");
  EXPECT_EQ(login.user_name, "hub.example:99/gw/?api-version=2021-04-12&DeviceClientType=p");
  EXPECT_EQ(login.password,
            MakeSasToken("hub.example:99/devices/gw", std::string("\0\1\2", 3), kNow + 3600));
  EXPECT_EQ(login.renew_after, 2970s) << "82.5 % of it";
  EXPECT_TRUE(login.is_fresh);
  EXPECT_EQ(login.ca_file, "ca.crt");
  EXPECT_EQ(login.certificate_file, "");
  EXPECT_EQ(login.events_topic, "devices/gw/messages/events/");
}

TEST(ConnectionStringLoginTest, ACertificateNeedsNoPasswordAndNoClock) {
  const auto login = std::get<Login>(Ask("HostName=h;DeviceId=gw;ModuleId=m;x509=true", 10));
  EXPECT_EQ(login.password, "");
  EXPECT_EQ(login.certificate_file, "gw.crt");
  EXPECT_EQ(login.key_file, "gw.key");
  EXPECT_EQ(login.client_id, "gw/m");
  EXPECT_EQ(login.renew_after, 0s);
  EXPECT_FALSE(login.is_fresh);
}

TEST(ConnectionStringLoginTest, ATokenMadeElsewhereServesUntilItEnds) {
  const std::string text =
      "HostName=h;DeviceId=gw;SharedAccessSignature=SharedAccessSignature sr=h&sig=s&se=1800000100";
  const auto login = std::get<Login>(Ask(text));
  EXPECT_EQ(login.password, "SharedAccessSignature sr=h&sig=s&se=1800000100");
  EXPECT_FALSE(login.is_fresh);
  EXPECT_EQ(CauseOf(Ask(text, kNow + 100)), Cause::kTokenExpired);
}

TEST(ConnectionStringLoginTest, AClockBeforeTheBuildMakesNoToken) {
  EXPECT_EQ(CauseOf(Ask("HostName=h;DeviceId=gw;SharedAccessKey=AAEC", 10)), Cause::kClock);
}

}  // namespace
}  // namespace sluice::credentials
