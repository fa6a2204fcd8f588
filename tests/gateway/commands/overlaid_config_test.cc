#include "gateway/commands/overlaid_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/load.h"

namespace sluice::commands {
namespace {

using testing::IsEmpty;

constexpr char kFile[] = R"(
listeners: [{address: ":1", tls: {certificate: s.crt, key: s.key, client_ca: ca.crt}}]
devices: {publish: ["a/#"]}
rules: {list: [{name: file}]}
outputs: {hub: {type: iothub, connection_string: "HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0"}}
cloud: {output: hub, desired: [rules, limits]}
)";

OverlaidConfig LayOver(const std::string& section) {
  config::Diagnostics diagnostics;
  return LayOverDesired(*config::LoadText(kFile, "f.yaml", "/etc", &diagnostics), {7, section});
}

TEST(OverlaidConfigTest, IsCompiledWhole) {
  const OverlaidConfig none = LayOver("");
  EXPECT_THAT(none.faults, IsEmpty());
  EXPECT_EQ(none.program->rules()[0].name, "file");
  const OverlaidConfig both =
      LayOver(R"({"rules":"list: [{name: twin}]","limits":{"connections":3}})");
  EXPECT_THAT(both.faults, IsEmpty());
  EXPECT_THAT(both.sections, testing::ElementsAre("rules", "limits"));
  EXPECT_EQ(both.program->rules()[0].name, "twin");
  EXPECT_EQ(both.config.listeners[0].limits.connections, 3u);
}

TEST(OverlaidConfigTest, EveryFaultIsNamedAndNothingCompiled) {
  const OverlaidConfig wrong = LayOver(
      R"({"rules":["list:\n"," - {name: a, where: $body.x >}\n"],"limits":{"connections":0},"devices":{}})");
  ASSERT_EQ(wrong.faults.size(), 2u) << "conditions are looked at where all else is fine";
  EXPECT_EQ(wrong.faults[0].section, "devices");
  EXPECT_EQ(wrong.faults[1].section, "limits");
  EXPECT_EQ(wrong.faults[1].line, 2u);
  EXPECT_EQ(wrong.program, nullptr);

  const OverlaidConfig condition =
      LayOver(R"({"rules":["list:\n"," - {name: a, where: $body.x >}\n"]})");
  ASSERT_EQ(condition.faults.size(), 1u);
  EXPECT_EQ(condition.faults[0].line, 2u);
  EXPECT_EQ(condition.faults[0].key, "rule 'a'");
  EXPECT_EQ(condition.program, nullptr);
}

class KeptDesiredTest : public testing::Test {
 protected:
  KeptDesiredTest() {
    std::string pattern = testing::TempDir() + "/desired.XXXXXX";
    gateway_.state = mkdtemp(pattern.data());
    path_ = gateway_.state + "/desired.json";
  }
  ~KeptDesiredTest() override { std::filesystem::remove_all(gateway_.state); }
  cloud::Desired Load(const std::string& text) {
    std::ofstream(path_) << text;
    return LoadDesired(gateway_);
  }

  config::GatewayOptions gateway_;
  std::string path_;
};

TEST_F(KeptDesiredTest, OutlivesAProcessForItsOwnerAlone) {
  EXPECT_EQ(LoadDesired(gateway_).version, 0u);
  ASSERT_TRUE(KeepDesired(gateway_, {7, R"({"rules":"a\nb"})"}).ok());
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  for (int i = 0; i < 2; ++i) {
    const cloud::Desired kept = LoadDesired(gateway_);
    EXPECT_EQ(kept.version, 7u);
    EXPECT_EQ(kept.section, R"({"rules":"a\nb"})");
  }
  ASSERT_TRUE(KeepDesired(gateway_, {8, ""}).ok());
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_TRUE(KeepDesired(gateway_, {8, ""}).ok());
}

TEST_F(KeptDesiredTest, WhatIsNoneOfItsOwnIsNotBelieved) {
  for (const char* text : {"", "{", "[]", R"({"version":7})", R"({"sluice":{}})",
                           R"({"version":7,"sluice":{"rules")", R"({"version":7,"sluice":{}} x)"}) {
    EXPECT_EQ(Load(text).version, 0u) << text;
  }
  EXPECT_EQ(Load(R"({"version":7,"sluice":{}})").version, 7u);
}

}  // namespace
}  // namespace sluice::commands
