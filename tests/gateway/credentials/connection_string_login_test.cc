#include "gateway/credentials/connection_string_login.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "gateway/credentials/sas.h"
#include "gateway/tls/pki.h"

namespace sluice::credentials {
namespace {

using namespace std::chrono_literals;
using causes::Cause;

constexpr int64_t kNow = 1'800'000'000;

// The answer at `wall` seconds since 1970.
LoginAnswer Ask(const std::string& connection_string, int64_t wall = kNow,
                const std::string& certificate_file = "gw.crt",
                const std::string& key_file = "gw.key") {
  const absl::StatusOr<ConnectionString> connection = ParseConnectionString(connection_string);
  EXPECT_TRUE(connection.ok()) << connection.status();
  ConnectionStringLogin source(
      {.connection = *connection,
       .certificate_file = certificate_file,
       .key_file = key_file,
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

class CertificateLoginTest : public testing::Test {
 protected:
  CertificateLoginTest() {
    std::string pattern = testing::TempDir() + "sluice-credentials-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const tls::Pki pki(folder_, kNow);
    EXPECT_TRUE(pki.Init("test CA").ok());
    EXPECT_TRUE(pki.AddDevice("gw").ok());
    EXPECT_TRUE(pki.AddDevice("other").ok());
  }
  ~CertificateLoginTest() override { std::filesystem::remove_all(folder_); }

  LoginAnswer AskAt(int64_t wall, const std::string& key = "gw.key") const {
    return Ask("HostName=h;DeviceId=gw;ModuleId=m;x509=true", wall, folder_ + "/gw.crt",
               folder_ + "/" + key);
  }

  std::string folder_;
};

TEST_F(CertificateLoginTest, NeedsNoPassword) {
  const auto login = std::get<Login>(AskAt(kNow + 60));
  EXPECT_EQ(login.password, "");
  EXPECT_EQ(login.certificate_file, folder_ + "/gw.crt");
  EXPECT_EQ(login.key_file, folder_ + "/gw.key");
  EXPECT_EQ(login.client_id, "gw/m");
  EXPECT_EQ(login.renew_after, 0s);
  EXPECT_FALSE(login.is_fresh);
  EXPECT_EQ(login.warning.cause, Cause::kNone);
}

TEST_F(CertificateLoginTest, IsReadAnewEachTime) {
  EXPECT_EQ(CauseOf(AskAt(kNow + 60, "other.key")), Cause::kCertificate);
  std::filesystem::rename(folder_ + "/other.key", folder_ + "/was.key");
  std::filesystem::copy(folder_ + "/gw.key", folder_ + "/other.key");
  EXPECT_TRUE(std::holds_alternative<Login>(AskAt(kNow + 60, "other.key")));
  EXPECT_EQ(CauseOf(AskAt(kNow + 60, "absent.key")), Cause::kCertificate);
}

TEST_F(CertificateLoginTest, ItsEndIsSaidBeforeItComes) {
  int64_t end = kNow;
  while (std::holds_alternative<Login>(AskAt(end + 86'400))) end += 86'400;
  EXPECT_GT(end, kNow + 86'400 * 30);
  EXPECT_EQ(std::get<Login>(AskAt(end)).warning.cause, Cause::kCertificateEnds);
  EXPECT_EQ(CauseOf(AskAt(end + 2 * 86'400)), Cause::kCertificate);
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
