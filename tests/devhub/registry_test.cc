#include "tests/devhub/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/devhub/test_hub.h"

namespace sluice::devhub {
namespace {

using testing::HasSubstr;

TEST(RegistryTest, ReadsIdentities) {
  const Registry registry = Registry::Parse(kIdentities).value();
  EXPECT_EQ(registry.tier().name, "S1");
  ASSERT_NE(registry.Find({"gw-01", ""}), nullptr);
  EXPECT_EQ(registry.Find({"gw-01", ""})->keys.size(), 2u);
  EXPECT_EQ(registry.Find({"gw-01", ""})->keys[1].substr(0, 3), std::string("\0\1\2", 3));
  EXPECT_EQ(registry.Find({"x2", ""})->thumbprints[0], "00112233445566778899aabbccddeeff00112233");
  EXPECT_FALSE(registry.Find({"off", ""})->enabled);
  EXPECT_NE(registry.Find({"edge-01", "sluice"}), nullptr);
  EXPECT_EQ(registry.Find({"edge-01", ""}), nullptr);
  EXPECT_EQ(registry.Find({"GW-01", ""}), nullptr);
}

TEST(RegistryTest, NullIsAsGoodAsAbsent) {
  const auto registry = Registry::Parse(
      R"({"hostName":"h","tier":null,"units":null,"devices":[{"deviceId":"d","moduleId":null,"primaryKey":"QUJD",
         "secondaryKey":null,"thumbprint":null,"caSigned":null,"status":null,"tags":{"site":"x"}}]})");
  ASSERT_TRUE(registry.ok()) << registry.status();
  EXPECT_TRUE(registry->warnings.empty());
  EXPECT_EQ(registry->Find({"d", ""})->keys, std::vector<std::string>{"ABC"});
}

TEST(RegistryTest, HostNames) {
  const auto named = [](const std::string& name) {
    return Registry::Parse(R"({"hostName":")" + name + R"("})").value();
  };
  EXPECT_TRUE(named("Hub.net").IsHost("hub.NET"));
  EXPECT_TRUE(named("hub.net").IsHost("hub.net:8884"));  // the port a test dials
  EXPECT_FALSE(named("hub.net").IsHost("hub.net:"));
  EXPECT_FALSE(named("hub.net").IsHost("hub.net:x"));
  EXPECT_FALSE(named("hub.net").IsHost("hub.net:8884:1"));
  EXPECT_FALSE(named("hub.net").IsHost("xhub.net"));
  EXPECT_TRUE(named("hub.net:8884").IsHost("hub.net:8884"));
  EXPECT_FALSE(named("hub.net:8884").IsHost("hub.net:8885"));
  EXPECT_FALSE(named("hub.net:8884").IsHost("hub.net"));
}

TEST(RegistryTest, ErrorsSayWhereAndWhat) {
  struct {
    const char* json;
    const char* error;
  } const kCases[] = {
      {"{", "parse error"},
      {"[]", "want an object"},
      {"{}", "hostName: is missing"},
      {R"({"hostName":1})", "hostName: want a string"},
      {R"({"hostName":"h","tier":"S9"})", "tier: \"S9\" is none of"},
      {R"({"hostName":"h","units":0})", "units: want a number from 1 to 200"},
      {R"({"hostName":"h","tier":"F1","units":2})", "units: want a number from 1 to 1"},
      {R"({"hostName":"h","devices":{}})", "devices: want an array"},
      {R"({"hostName":"h","devices":[1]})", "devices[0].: want an object"},
      {R"({"hostName":"h","devices":[{}]})", "devices[0].deviceId: want"},
      {R"({"hostName":"h","devices":[{"deviceId":"a/b","primaryKey":"QUJD"}]})",
       "devices[0].deviceId: want"},
      {R"({"hostName":"h","devices":[{"deviceId":"d"}]})", "has no credential"},
      {R"({"hostName":"h","devices":[{"deviceId":"d","primaryKey":"QUJ"}]})",
       "devices[0].primaryKey: is no base64"},
      {R"({"hostName":"h","devices":[{"deviceId":"d","thumbprint":"12"}]})",
       "devices[0].thumbprint: want 40"},
      {R"({"hostName":"h","devices":[{"deviceId":"d","caSigned":1}]})",
       "devices[0].caSigned: want true or false"},
      {R"({"hostName":"h","devices":[{"deviceId":"d","caSigned":true,"status":"on"}]})",
       "devices[0].status: want"},
      {R"({"hostName":"h","devices":[{"deviceId":"d","caSigned":true},{"deviceId":"d","caSigned":true}]})",
       "devices[1].: d stands there twice"},
      {R"({"hostName":"h","policies":[{"name":"p"}]})", "policies[0].primaryKey: is missing"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.json);
    const auto registry = Registry::Parse(c.json);
    ASSERT_FALSE(registry.ok());
    EXPECT_THAT(std::string(registry.status().message()), HasSubstr(c.error));
  }
}

TEST(RegistryTest, UnknownMembersWarn) {
  const Registry registry =
      Registry::Parse(
          R"({"hostName":"h","x":1,"devices":[{"deviceId":"d","primarykey":"QUJD","caSigned":true}]})")
          .value();
  EXPECT_THAT(registry.warnings,
              testing::ElementsAre("x: unknown member, ignored",
                                   "devices[0].primarykey: unknown member, ignored"));
}

TEST(RegistryTest, MissingFileComesWithAnExample) {
  const auto registry = Registry::Load("/nonexistent/devices.json");
  ASSERT_FALSE(registry.ok());
  EXPECT_THAT(std::string(registry.status().message()), HasSubstr("\"hostName\""));
}

}  // namespace
}  // namespace sluice::devhub
