#include "config/overlay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/load.h"

namespace sluice::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kFile[] = R"(
listeners:
  - {address: ":1", tls: {certificate: s.crt, key: s.key, client_ca: ca.crt}, limits: {connections: 5, topic_levels: 9}}
  - {address: ":2", tls: {certificate: s.crt, key: s.key, client_ca: ca.crt}}
devices: {publish: ["a/#"], each: [{match: "x*", publish: ["x/#"]}]}
rules: {default: forward, assume_json: false, list: [{name: file}]}
outputs: {log: {type: file, path: a}}
operate: {log_level: warn}
)";

class OverlayTest : public testing::Test {
 protected:
  OverlayTest() {
    Diagnostics diagnostics;
    config_ = *LoadText(kFile, "f.yaml", "/etc", &diagnostics);
  }
  // What is wrong; empty: it is laid over.
  std::string LayOver(std::string_view section, const std::string& text) {
    Diagnostics diagnostics;
    const bool fine = config::LayOver(section, text, "twin", &config_, &diagnostics);
    EXPECT_EQ(fine, diagnostics.errors() == 0);
    return diagnostics.Render();
  }

  Config config_;
};

TEST_F(OverlayTest, RulesAreReplacedWhole) {
  for (const char* text : {"rules: {list: [{name: twin}]}", "list: [{name: twin}]",
                           R"({"list": [{"name": "twin"}]})"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(LayOver("rules", text), "");
    EXPECT_FALSE(config_.rules.forward_by_default);
    EXPECT_TRUE(config_.rules.assume_json);
    ASSERT_EQ(config_.rules.rules.size(), 1u);
    EXPECT_EQ(config_.rules.rules[0].name.text, "twin");
  }
}

TEST_F(OverlayTest, OfDevicesTheKeysThatAreWritten) {
  EXPECT_EQ(LayOver("devices", "publish: [b/#, c/#]"), "");
  EXPECT_THAT(config_.devices.publish, ElementsAre("b/#", "c/#"));
  EXPECT_EQ(config_.devices.each.size(), 1u);
  EXPECT_EQ(LayOver("devices", "each: [{match: y, publish: y}, {match: z, publish: z}]"), "");
  EXPECT_THAT(config_.devices.publish, ElementsAre("b/#", "c/#"));
  ASSERT_EQ(config_.devices.each.size(), 2u);
  EXPECT_EQ(config_.devices.each[0].match, "y");
}

TEST_F(OverlayTest, LimitsAreThoseOfEveryListener) {
  EXPECT_EQ(LayOver("limits", "connections: 7"), "");
  for (const ListenerOptions& listener : config_.listeners)
    EXPECT_EQ(listener.limits.connections, 7u);
  EXPECT_EQ(config_.listeners[0].limits.topic_levels, 9u);
  EXPECT_EQ(LayOver("log_level", "debug"), "");
  EXPECT_EQ(config_.operate.log_level, "debug");
}

TEST_F(OverlayTest, WhatIsWrongIsSaidOnceWithItsPlace) {
  struct {
    std::string_view section;
    std::string text;
    std::string told;
  } const cases[] = {
      {"rules", "rules:\n  list:\n    - {nme: a}", "twin:3:8: error: rules.list[0]"},
      {"rules", "[", "twin:1:"},
      {"rules", "", "error"},
      {"rules", "{rules: {defalt: drop}}", "did you mean 'default'"},
      {"limits", "\nconnections: 0", "twin:2:14: error: limits.connections"},
      {"devices", "identity: cn", "twin:1:1: error: devices"},
      {"devices", "publish: ['a/{devise}']", "'{devise}' is no name known here"},
      {"devices", "- a", "error: devices"},
      {"log_level", "loud", "twin:1:1: error: log_level"},
      {"log_level", "[debug]", "twin:1:1: error: log_level"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const std::string told = LayOver(c.section, c.text);
    EXPECT_THAT(told, HasSubstr(c.told));
    EXPECT_EQ(told.find(" error: "), told.rfind(" error: "));
  }
}

}  // namespace
}  // namespace sluice::config
