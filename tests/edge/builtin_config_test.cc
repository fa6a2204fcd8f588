#include "edge/builtin_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "config/diagnostics.h"
#include "config/load.h"

namespace sluice::edge {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Variables = std::map<std::string, std::string>;

absl::StatusOr<BuiltInConfig> Make(const Variables& variables) {
  ModuleEnvironment module;
  module.identity = {"hub.example", "edge-01", "sluice"};
  return MakeBuiltInConfig(module, [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

config::Config Load(const Variables& variables) {
  const auto made = Make(variables);
  EXPECT_TRUE(made.ok()) << made.status();
  config::Diagnostics diagnostics;
  std::optional<config::Config> config =
      config::LoadText(made.ok() ? made->yaml : "", "built-in", "/", &diagnostics);
  EXPECT_EQ(diagnostics.Render(), "");
  return config.value_or(config::Config{});
}

TEST(BuiltInConfigTest, IsTheLeastThatAGatewayNeeds) {
  const config::Config config = Load({{"SLUICE_CLIENT_CA", "/certs/devices.pem"}});
  EXPECT_EQ(config.gateway.name, "edge-01/sluice");
  EXPECT_EQ(config.gateway.state, "/data");
  ASSERT_EQ(config.listeners.size(), 1u);
  EXPECT_EQ(config.listeners[0].address, ":8883");
  EXPECT_TRUE(config.listeners[0].tls.edge);
  EXPECT_EQ(config.listeners[0].tls.server_name, "");
  EXPECT_EQ(config.listeners[0].tls.client_ca, "/certs/devices.pem");
  EXPECT_THAT(config.devices.publish, ElementsAre("{device}/#"));
  EXPECT_FALSE(config.devices.any_client_id);
  EXPECT_TRUE(config.rules.forward_by_default);
  ASSERT_EQ(config.outputs.size(), 1u);
  EXPECT_EQ(config.outputs[0].name, "hub");
  EXPECT_TRUE(config.outputs[0].edge);
  EXPECT_EQ(config.outputs[0].ack, config::Ack::kStored);
  EXPECT_EQ(config.operate.http_port, 9600);
  ASSERT_TRUE(config.cloud);
  EXPECT_EQ(config.cloud->output, "hub");
  EXPECT_THAT(config.cloud->desired, ElementsAre("rules", "log_level"));
  EXPECT_THAT(config.cloud->methods, ElementsAre("ping", "stats", "explain"));
}

TEST(BuiltInConfigTest, TheEnvironmentSaysMore) {
  const config::Config config = Load({{"SLUICE_CLIENT_CA", "/ca.pem"},
                                      {"SLUICE_PUBLISH", " plant/+/{device}/#  tele/{device}/# "},
                                      {"SLUICE_SERVER_NAME", "gateway.plant"},
                                      {"SLUICE_LISTEN", "127.0.0.1:0"},
                                      {"SLUICE_HTTP", "127.0.0.1:0"},
                                      {"SLUICE_LOG", "debug"},
                                      {"SLUICE_DESIRED", "none"},
                                      {"SLUICE_METHODS", "ping  drain"},
                                      {"SLUICE_STATE", "/srv/\"x\""}});
  EXPECT_THAT(config.devices.publish, ElementsAre("plant/+/{device}/#", "tele/{device}/#"));
  EXPECT_EQ(config.listeners[0].tls.server_name, "gateway.plant");
  EXPECT_EQ(config.listeners[0].address, "127.0.0.1:0");
  EXPECT_EQ(config.operate.http_port, 0);
  EXPECT_EQ(config.operate.log_level, "debug");
  EXPECT_EQ(config.gateway.state, "/srv/\"x\"");
  EXPECT_THAT(config.cloud->desired, IsEmpty());
  EXPECT_THAT(config.cloud->methods, ElementsAre("ping", "drain"));
}

TEST(BuiltInConfigTest, AValueIsNeverMoreThanAValue) {
  const auto made = Make({{"SLUICE_CLIENT_CA", "/ca.pem\"}}\ndevices: {publish: [\"#\"]}\n#"}});
  ASSERT_TRUE(made.ok());
  config::Diagnostics diagnostics;
  const auto config = config::LoadText(made->yaml, "built-in", "/", &diagnostics);
  ASSERT_TRUE(config.has_value()) << diagnostics.Render();
  EXPECT_THAT(config->devices.publish, ElementsAre("{device}/#"));
}

TEST(BuiltInConfigTest, CertificatesInTheEnvironmentGoToAFile) {
  const auto made = Make({{"SLUICE_CLIENT_CA", "-----BEGIN CERTIFICATE-----\nxyz"}});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->client_ca_file, "/data/client-ca.pem");
  EXPECT_EQ(made->client_ca_pem, "-----BEGIN CERTIFICATE-----\nxyz");
  EXPECT_THAT(made->yaml, HasSubstr("client_ca: \"/data/client-ca.pem\""));
}

TEST(BuiltInConfigTest, WithoutACaNobodyCouldConnect) {
  for (const Variables& variables : {Variables{}, Variables{{"SLUICE_CLIENT_CA", ""}}}) {
    const auto made = Make(variables);
    EXPECT_TRUE(absl::IsFailedPrecondition(made.status()));
    EXPECT_THAT(std::string(made.status().message()), HasSubstr("SLUICE_CLIENT_CA is not set"));
  }
}

TEST(BuiltInConfigTest, TheReadmeNamesEverySetting) {
  std::ifstream file(SLUICE_TEST_DATA "/../../edge/README.md");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  for (const Setting& setting : Settings()) EXPECT_THAT(text, HasSubstr(setting.name));
}

}  // namespace
}  // namespace sluice::edge
