#include "gateway/credentials/connection_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::credentials {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ConnectionStringTest, GivesTheNamesOfADevice) {
  const auto c = ParseConnectionString(
      "HostName=contoso.azure-devices.net;DeviceId=MyDevice01;SharedAccessKey=AAECAw==");
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_EQ(c->key, std::string("\0\1\2\3", 4));
  EXPECT_EQ(ClientId(c->identity), "MyDevice01");
  EXPECT_EQ(UserName(c->identity, "sluice/1.0.0"),
            "contoso.azure-devices.net/MyDevice01/"
            "?api-version=2021-04-12&DeviceClientType=sluice%2F1.0.0");
  EXPECT_EQ(TokenResource(c->identity), "contoso.azure-devices.net/devices/MyDevice01");
  EXPECT_EQ(EventsTopic(c->identity), "devices/MyDevice01/messages/events/");
  EXPECT_EQ(c->dial_host, "contoso.azure-devices.net");
  EXPECT_EQ(c->dial_port, 8883);
}

TEST(ConnectionStringTest, GivesTheNamesOfAModule) {
  const auto c = ParseConnectionString("HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=AAEC");
  ASSERT_TRUE(c.ok()) << c.status();
  EXPECT_EQ(ClientId(c->identity), "d/m");
  EXPECT_EQ(UserName(c->identity, "p"), "h/d/m/?api-version=2021-04-12&DeviceClientType=p");
  EXPECT_EQ(TokenResource(c->identity), "h/devices/d/modules/m");
  EXPECT_EQ(EventsTopic(c->identity), "devices/d/modules/m/messages/events/");
}

TEST(ConnectionStringTest, DialsWhereItSays) {
  struct {
    std::string_view hosts;
    std::string_view dial_host;
    uint16_t dial_port;
    std::string_view resource;
  } const kCases[] = {
      {"HostName=hub.example", "hub.example", 8883, "hub.example/devices/d"},
      {"HostName=localhost:8884", "localhost", 8884, "localhost:8884/devices/d"},
      {"HostName=127.0.0.1:1", "127.0.0.1", 1, "127.0.0.1:1/devices/d"},
      {"HostName=[::1]:99", "::1", 99, "[::1]:99/devices/d"},
      {"HostName=::1", "::1", 8883, "::1/devices/d"},
      {"HostName=[::1]", "::1", 8883, "[::1]/devices/d"},
      {"HostName=hub.example;GatewayHostName=gw:9", "gw", 9, "hub.example/devices/d"},
      {"HostName=hub.example:7;GatewayHostName=gw", "gw", 8883, "hub.example:7/devices/d"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.hosts);
    const auto parsed =
        ParseConnectionString(std::string(c.hosts) + ";DeviceId=d;SharedAccessKey=AAEC");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->dial_host, c.dial_host);
    EXPECT_EQ(parsed->dial_port, c.dial_port);
    EXPECT_EQ(TokenResource(parsed->identity), c.resource);
  }
}

TEST(ConnectionStringTest, IsTolerantInForm) {
  for (const std::string_view text : {
           "hostname=h;DEVICEID=d;sharedaccesskey=AAECAw==",
           " HostName = h ; DeviceId = d ; SharedAccessKey = AAECAw== ;",
           "SharedAccessKey=AAECAw==;DeviceID=d;Hostname=h\n",
           "HostName=h;DeviceId=d;SharedAccessKey=AAECAx==",  // bits left over
       }) {
    SCOPED_TRACE(text);
    const auto c = ParseConnectionString(text);
    ASSERT_TRUE(c.ok()) << c.status();
    EXPECT_EQ(c->identity.host_name, "h");
    EXPECT_EQ(c->identity.device_id, "d");
    EXPECT_EQ(c->key.size(), 4u);
  }
}

TEST(ConnectionStringTest, TakesEachCredential) {
  EXPECT_TRUE(ParseConnectionString("HostName=h;DeviceId=d;x509=true")->x509);
  EXPECT_TRUE(ParseConnectionString("HostName=h;DeviceId=d;X509Cert=True")->x509);
  EXPECT_EQ(
      ParseConnectionString(
          "HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature sr=h&sig=a%3D&se=1")
          ->signature,
      "SharedAccessSignature sr=h&sig=a%3D&se=1");
}

TEST(ConnectionStringTest, SaysWhatIsWrongWithoutSecrets) {
  struct {
    std::string_view text;
    std::string_view says;
  } const kCases[] = {
      {"", "HostName is missing"},
      {"HostName=h;SharedAccessKey=U0VDUkVU", "DeviceId is missing"},
      {"DeviceId=d;SharedAccessKey=U0VDUkVU", "HostName is missing"},
      {"HostName=h;DeviceId=d", "no credential"},
      {"HostName=h;DeviceId=d;SharedAccessKey=U0VDUkVU;x509=true", "more than one credential"},
      {"U0VDUkVU", "part 1 is not of the form"},
      {"HostName=h;DeviceId=d;SharedAcessKey=U0VDUkVU", "part 3 has an unknown name"},
      {"HostName=h;HostName=h;DeviceId=d;SharedAccessKey=U0VDUkVU", "HostName stands there twice"},
      {"HostName=h;DeviceId=d;SharedAccessKey=U0VDUkVU!", "not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=U0VDUkVUx", "not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=U0VDUkVUU0V", "not base64"},  // cut off
      {"HostName=h;DeviceId=d;SharedAccessKey=U0VDUkVUU===", "not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=U0VD=UkV", "not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=U0VD UkV", "not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=U0V*UkVU", "not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=U0VDUk..", "not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=", "SharedAccessKey is empty"},
      {"HostName=h;DeviceId=d;DeviceId=e;SharedAccessKey=U0VDUkVU", "DeviceId stands there twice"},
      {"HostName=h;DeviceId=d;U0VDUkVU", "part 3 is not of the form"},
      {"HostName=h;DeviceId=d;U0VDUkVU=x", "part 3 has an unknown name"},
      {"HostName=h;DeviceId=d;x509=false", "x509 can only be true"},
      {"HostName=h;DeviceId=d;SharedAccessSignature=U0VDUkVU", "must begin with"},
      {"HostName=h;SharedAccessKeyName=device;SharedAccessKey=U0VDUkVU", "not for devices"},
      {"HostName=h:0;DeviceId=d;SharedAccessKey=U0VDUkVU", "port must be 1 to 65535"},
      {"HostName=h:65536;DeviceId=d;SharedAccessKey=U0VDUkVU", "port must be 1 to 65535"},
      {"HostName=h:;DeviceId=d;SharedAccessKey=U0VDUkVU", "port is missing"},
      {"HostName=:1;DeviceId=d;SharedAccessKey=U0VDUkVU", "host is missing"},
      {"HostName=[::1;DeviceId=d;SharedAccessKey=U0VDUkVU", "']' is missing"},
      {"HostName=https://h;DeviceId=d;SharedAccessKey=U0VDUkVU", "HostName is no host name"},
      {"HostName=h:p;DeviceId=d;SharedAccessKey=U0VDUkVU", "port must be 1 to 65535"},
      {"HostName=;DeviceId=d;SharedAccessKey=U0VDUkVU", "HostName is empty"},
      {"HostName=h_1;DeviceId=d;SharedAccessKey=U0VDUkVU", "HostName is no host name"},
      {"HostName=h;DeviceId=d;SharedAccessKey=U0VDUkVU;GatewayHostName=a/b",
       "GatewayHostName is no host name"},
      {"HostName=h;DeviceId=a/b;SharedAccessKey=U0VDUkVU", "DeviceId has a character"},
      {"HostName=h;DeviceId=a#;SharedAccessKey=U0VDUkVU", "DeviceId has a character"},
      {"HostName=h;DeviceId=d;ModuleId=a b;SharedAccessKey=U0VDUkVU", "ModuleId has a character"},
      {"HostName=h;DeviceId=d;ModuleId=+;SharedAccessKey=U0VDUkVU", "ModuleId has a character"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto parsed = ParseConnectionString(c.text);
    ASSERT_FALSE(parsed.ok());
    const std::string message(parsed.status().message());
    EXPECT_THAT(message, HasSubstr(std::string(c.says)));
    EXPECT_THAT(message, Not(HasSubstr("U0VDUkVU")));
    EXPECT_THAT(message, Not(HasSubstr("SECRET")));
  }
}

}  // namespace
}  // namespace sluice::credentials
