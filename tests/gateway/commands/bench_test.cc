// sluice bench: the contract's figures, and that they fit together. No claim about speed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/gateway/commands/captured.h"

namespace sluice::commands {
namespace {

using testing::HasSubstr;

class BenchTest : public testing::Test {
 protected:
  BenchTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "bench_test.XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
    rules_ = Write("rules.yaml",
                   "rules:\n  list:\n    - {name: hot, where: $body.t > 80}\n"
                   "    - {name: late, where: $now > 1e12}\n");
  }
  ~BenchTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  std::filesystem::path folder_;
  std::string rules_;
};

TEST_F(BenchTest, PrintsFiguresThatFitTogether) {
  const std::string lines = Write("lines.jsonl",
                                  "{\"topic\":\"a\",\"payload\":{\"t\":95}}\n"
                                  "{\"topic\":\"a\",\"payload\":{\"t\":1}}\n"
                                  "{\"topic\":\"a/#\",\"payload\":{\"t\":95}}\n"
                                  "{\"topic\":\"b\",\"payload\":\"text\"}\n"
                                  "{\"topic\":\"b\",\"payload\":{\"t\":2}}\n");
  const Captured benched = Command({"bench", "-c", rules_, "--messages", lines, "--seconds", "0.05",
                                    "--threads", "2", "--json"});
  ASSERT_EQ(benched.code, kExitFine) << benched.errors;
  const auto json = nlohmann::json::parse(benched.out);
  EXPECT_EQ(json.size(), 10u);
  const double messages = json["messages"], seconds = json["seconds"];
  EXPECT_GT(messages, 0);
  EXPECT_GE(seconds, 0.05);
  EXPECT_EQ(json["rules"], 2);
  EXPECT_EQ(json["threads"], 2);
  EXPECT_NEAR(json["messages_per_second"].get<double>(), messages / seconds,
              messages / seconds / 1e3);
  EXPECT_NEAR(json["ns_per_message"].get<double>(), 2 * seconds * 1e9 / messages,
              seconds * 1e9 / messages / 100);
  // One of four that may be judged matches; a thread stops anywhere in the file.
  EXPECT_NEAR(json["matched"].get<double>(), messages / 4, 2);
  EXPECT_GT(json["p50_ns"].get<double>(), 0);
  EXPECT_GE(json["p99_ns"].get<double>(), json["p50_ns"].get<double>());
  EXPECT_GT(json["json_pass_ns"].get<double>(), 0);
}

// Two messages an hour apart: by the 300 000 000th repeat it would be the year 70 000, so that a
// rule on $now tells whether the clock moved.
TEST_F(BenchTest, RepeatsMoveTheClockOn) {
  const std::string rules =
      Write("now.yaml", "rules:\n  list:\n    - {name: late, where: $now > 10000}\n");
  const std::string lines =
      Write("lines.jsonl",
            "{\"topic\":\"a\",\"payload\":1,\"time\":\"1970-01-01T00:00:00Z\"}\n"
            "{\"topic\":\"a\",\"payload\":1,\"time\":\"1970-01-01T01:00:00Z\"}\n");
  const Captured benched =
      Command({"bench", "-c", rules, "--messages", lines, "--seconds", "0.05", "--json"});
  ASSERT_EQ(benched.code, kExitFine) << benched.errors;
  EXPECT_GT(nlohmann::json::parse(benched.out)["matched"], 0);
}

TEST_F(BenchTest, ShowsAPersonTheSame) {
  const std::string lines = Write("lines.jsonl", "{\"topic\":\"a\",\"payload\":{\"t\":95}}\n");
  const Captured benched =
      Command({"bench", "-c", rules_, "--messages", lines, "--seconds", "0.02"});
  EXPECT_EQ(benched.code, kExitFine) << benched.errors;
  EXPECT_THAT(benched.out, HasSubstr("100.00 %"));
  EXPECT_THAT(benched.out, HasSubstr("messages a second"));
}

TEST_F(BenchTest, RefusesWhatItCannotUse) {
  EXPECT_EQ(Command({"bench", "-c", rules_, "--messages", "/nowhere"}).code, kExitNo);
  EXPECT_EQ(Command({"bench", "-c", rules_, "--messages", Write("no", "nonsense\n")}).code,
            kExitNo);
  EXPECT_EQ(Command({"bench", "-c", rules_, "--messages", Write("empty", "\n")}).code, kExitNo);
  EXPECT_EQ(Command({"bench", "-c", rules_}).code, kExitUsage);
  EXPECT_EQ(Command({"bench", "-c", rules_, "--messages", "x", "--threads", "0"}).code, kExitUsage);
}

}  // namespace
}  // namespace sluice::commands
