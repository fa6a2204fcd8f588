#include "tests/devhub/user_name.h"

#include <gtest/gtest.h>

namespace sluice::devhub {
namespace {

TEST(UserNameTest, ReadsTheSheetsExample) {
  const auto user = ParseUserName(
      "contoso.azure-devices.net/MyDevice01/"
      "?api-version=2021-04-12&DeviceClientType=sluice%2F1.0.0");
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->host, "contoso.azure-devices.net");
  EXPECT_EQ(user->identity, (Identity{"MyDevice01", ""}));
  EXPECT_EQ(user->api_version, "2021-04-12");
  EXPECT_EQ(user->client_type, "sluice/1.0.0");
  EXPECT_EQ(user->model_id, "");
}

TEST(UserNameTest, ReadsModulesPortsAndModels) {
  // Order is free; unknown parameters are ignored.
  const auto user = ParseUserName(
      "localhost:8884/edge-01/sluice/"
      "?x=y&model-id=dtmi%3Acontoso%3Agateway%3B1&api-version=2018-06-30&auth-chain=a");
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->host, "localhost:8884");
  EXPECT_EQ(user->identity, (Identity{"edge-01", "sluice"}));
  EXPECT_EQ(user->model_id, "dtmi:contoso:gateway;1");
}

TEST(UserNameTest, AcceptsAndRefuses) {
  struct {
    std::string_view text;
    bool ok;
  } const kCases[] = {
      {"h/d/?api-version=2021-04-12", true},
      {"h/d/?api-version=2021-04-12-preview", true},
      {"h/d/?DeviceClientType=azure-iot-device%2F1.18.4%20(node%20v18)&api-version=2021-04-12",
       true},
      {"h/d?x/?api-version=2021-04-12", true},  // a question mark is legal in an id
      {"", false},
      {"h/d", false},
      {"h/d/", false},
      {"h/d/?", false},
      {"h/d/api-version=2021-04-12", false},  // no question mark
      {"h/d?api-version=2021-04-12", false},  // no slash
      {"h/d/?api-version=", false},
      {"h/d/?api-version=latest", false},
      {"h/d/?api-version=2021-04-1", false},
      {"h/d/?api-version=2021-04-12x", false},
      {"h/d/?DeviceClientType=x", false},  // api-version left out
      {"h/d/?api-version=2021-04-12&api-version=2021-04-12", false},
      {"h/d/?api-version=2021-04-12&", false},
      {"h/d/?api-version=2021-04-12&x", false},
      {"h/d/?api-version=2021-04-12&=x", false},
      {"h/d/?api-version=2021-04-12&x=%2", false},
      {"h/d/?api-version=2021-04-12&DeviceClientType=sluice/1.0.0",
       false},  // values are percent-encoded
      {"/d/?api-version=2021-04-12", false},
      {"h//?api-version=2021-04-12", false},
      {"h/d//?api-version=2021-04-12", false},
      {"h/d/m/x/?api-version=2021-04-12", false},
      {"h/a b/?api-version=2021-04-12", false},  // no id
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ParseUserName(c.text).ok(), c.ok);
  }
}

TEST(IdentityTest, ValidIds) {
  EXPECT_TRUE(IsValidId("gw-01"));
  EXPECT_TRUE(IsValidId("-:.+%_#*?!(),=@;$'"));
  EXPECT_TRUE(IsValidId(std::string(128, 'a')));
  EXPECT_FALSE(IsValidId(""));
  EXPECT_FALSE(IsValidId(std::string(129, 'a')));
  EXPECT_FALSE(IsValidId("a/b"));
  EXPECT_FALSE(IsValidId("a b"));
  EXPECT_FALSE(IsValidId("größe"));
  EXPECT_FALSE(IsValidId(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace sluice::devhub
