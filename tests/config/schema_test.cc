// The schema under version control is the one that the tables give, and the defaults it names are
// those in force.
#include "config/schema.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>

#include "config/load.h"
#include "config/sections.h"

namespace sluice::config {
namespace {

TEST(JsonSchemaTest, IsTheFileUnderVersionControl) {
  std::ifstream file(SLUICE_TEST_DATA "/../../config/sluice.schema.json");
  const std::string stored(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(stored, JsonSchema()) << "sluice check --schema > config/sluice.schema.json";
}

// Values of what has no default.
const std::map<std::string, std::string, std::less<>> kRequired = {{"address", "'127.0.0.1:8883'"},
                                                                   {"certificate", "s.crt"},
                                                                   {"key", "s.key"},
                                                                   {"client_ca", "ca.crt"}};

using Kind = ValueType::Kind;

// A section that is absent unless somebody writes what it requires.
bool IsOptional(const SectionInfo& section) {
  return std::any_of(section.options.begin(), section.options.end(), [](const OptionInfo& option) {
    return option.required && !kRequired.contains(option.name);
  });
}

// The section with every default written out.
std::string Explicit(const SectionInfo& section) {
  std::string text;
  for (const OptionInfo& option : section.options) {
    if (!option.later.empty() || !BelongsTo(option, "iothub")) continue;
    std::string value;
    if (const auto required = kRequired.find(option.name);
        required != kRequired.end() && (option.required || section.name == "tls")) {
      value = required->second;
    } else if (option.type.kind == Kind::kSection || option.type.kind == Kind::kNoneOrSection) {
      if (!IsOptional(option.type.section())) value = Explicit(option.type.section());
    } else if (!option.fallback.empty()) {
      value = fmt::format("\"{}\"", option.fallback);
      if (option.type.kind == Kind::kBool) value = option.fallback;
    }
    if (!value.empty())
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", option.name, value);
  }
  return "{" + text + "}";
}

Config MustLoad(const std::string& text) {
  Diagnostics diagnostics;
  std::optional<Config> config = LoadText(text, "x.yaml", "/", &diagnostics);
  EXPECT_TRUE(config) << text << diagnostics.Render();
  return config.value_or(Config{});
}

TEST(OptionsTest, DefaultsAreThoseThatTheTablesName) {
  const std::string hub =
      "type: iothub, connection_string: 'HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0'";
  std::string output = Explicit(OutputSection());
  output.insert(1, hub + ", ");
  const Config explicit_config = MustLoad(fmt::format(
      "gateway: {}\nlisteners: [{}]\ndevices: {}\nrules: {}\noutputs: {{hub: {}}}\noperate: {}\n",
      Explicit(GatewaySection()), Explicit(ListenerSection()), Explicit(DevicesSection()),
      Explicit(RulesSection()), output, Explicit(OperateSection())));
  const Config bare = MustLoad(
      "listeners: [{address: '127.0.0.1:8883', tls: {certificate: s.crt, key: s.key, client_ca: "
      "ca.crt}}]\n"
      "rules: {}\noutputs: {hub: {" +
      hub + "}}\n");
  EXPECT_EQ(explicit_config.gateway, bare.gateway);
  EXPECT_EQ(explicit_config.listeners, bare.listeners);
  EXPECT_EQ(explicit_config.devices, bare.devices);
  EXPECT_EQ(explicit_config.outputs, bare.outputs);
  EXPECT_EQ(explicit_config.operate, bare.operate);
  EXPECT_EQ(explicit_config.rules.forward_by_default, bare.rules.forward_by_default);
  EXPECT_EQ(explicit_config.rules.assume_json, bare.rules.assume_json);
  EXPECT_EQ(explicit_config.rules.profile, bare.rules.profile);
}

}  // namespace
}  // namespace sluice::config
