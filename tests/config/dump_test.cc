// The dump is the configuration in force: it loads to the same, and holds no secret.
#include "config/dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "config/load.h"

namespace sluice::config {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kKey = "HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0";

std::string MustDump(const std::string& text, const std::string& folder) {
  Diagnostics diagnostics;
  const std::optional<std::string> dump = DumpText(text, "f.yaml", folder, &diagnostics);
  EXPECT_TRUE(dump) << diagnostics.Render();
  return dump.value_or("");
}

Config MustLoad(const std::string& text, const std::string& folder) {
  Diagnostics diagnostics;
  const std::optional<Config> config = LoadText(text, "f.yaml", folder, &diagnostics);
  EXPECT_TRUE(config) << text << diagnostics.Render();
  return config.value_or(Config{});
}

std::string Replace(std::string text, std::string_view what, std::string_view by) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

TEST(DumpTest, LoadsToTheSameFromAnotherFolder) {
  std::ifstream file(SLUICE_TEST_DATA "/../../config/examples/plant.yaml");
  std::string text(std::istreambuf_iterator<char>(file), {});
  text = Replace(
      text,
      "HostName=myhub.azure-devices.net;DeviceId=gw-01;SharedAccessKey=cmVwbGFjZSBtZQ==", kKey);
  const std::string dump = MustDump(text, "/etc/sluice");
  EXPECT_THAT(dump, Not(HasSubstr("c2VjcmV0")));
  const Config before = MustLoad(text, "/etc/sluice");
  const Config after = MustLoad(Replace(dump, "***", kKey), "/elsewhere");
  EXPECT_EQ(before.gateway, after.gateway);
  EXPECT_EQ(before.listeners, after.listeners);
  EXPECT_EQ(before.devices, after.devices);
  EXPECT_EQ(before.outputs, after.outputs);
  EXPECT_EQ(before.operate, after.operate);
  ASSERT_EQ(before.rules.rules.size(), after.rules.rules.size());
  for (size_t i = 0; i < before.rules.rules.size(); ++i) {
    const compile::RuleSpec& a = before.rules.rules[i];
    const compile::RuleSpec& b = after.rules.rules[i];
    SCOPED_TRACE(a.name.text);
    EXPECT_EQ(a.name.text, b.name.text);
    EXPECT_EQ(a.from ? a.from->text : "", b.from ? b.from->text : "");
    EXPECT_EQ(a.where ? a.where->text : "", b.where ? b.where->text : "");
    EXPECT_EQ(a.route ? a.route->text : "", b.route ? b.route->text : "");
    EXPECT_EQ(a.drop, b.drop);
    EXPECT_EQ(a.final_rule, b.final_rule);
    EXPECT_EQ(a.priority, b.priority);
    EXPECT_EQ(a.set.size(), b.set.size());
    EXPECT_EQ(a.select.size(), b.select.size());
    EXPECT_EQ(a.redact.size(), b.redact.size());
    EXPECT_EQ(a.dedup, b.dedup);
    EXPECT_EQ(a.on_change, b.on_change);
    EXPECT_EQ(a.sample, b.sample);
    EXPECT_EQ(a.rate, b.rate);
    EXPECT_EQ(a.window, b.window);
    EXPECT_EQ(a.per, b.per);
    const bool is_implied = a.into.empty() && !a.drop && !a.route;  // hub, which is said now
    EXPECT_EQ(is_implied ? 1 : a.into.size(), b.into.size());
  }
}

TEST(DumpTest, ShowsDefaults) {
  EXPECT_EQ(MustDump("rules: {list: [{from: a, set: {x: \"q\\\"\"}}, {}]}", "/"),
            "rules:\n"
            "  default: \"drop\"\n"
            "  assume_json: true\n"
            "  profile: \"default\"\n"
            "  max_state: \"64MiB\"\n"
            "  list:\n"
            "    - name: \"rule-1\"\n"
            "      from: \"a\"\n"
            "      drop: false\n"
            "      final: false\n"
            "      priority: 5\n"
            "      set:\n"
            "        \"x\": \"q\\\"\"\n"
            "      into: \"hub\"\n"
            "    - name: \"rule-2\"\n"
            "      drop: false\n"
            "      final: false\n"
            "      priority: 5\n"
            "      into: \"hub\"\n");
}

TEST(DumpTest, SaysNothingOfAFileWithErrors) {
  Diagnostics diagnostics;
  EXPECT_FALSE(DumpText("rules: 5", "f.yaml", "/", &diagnostics));
  EXPECT_EQ(diagnostics.errors(), 1u);
}

}  // namespace
}  // namespace sluice::config
