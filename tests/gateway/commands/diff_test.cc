// sluice diff: which verdicts another configuration changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/gateway/commands/captured.h"

namespace sluice::commands {
namespace {

using testing::HasSubstr;

class DiffTest : public testing::Test {
 protected:
  DiffTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "diff_test.XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
  }
  ~DiffTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  // Of two lists of rules.
  Captured Diff(const std::string& before, const std::string& after, const std::string& lines) {
    return Command({"diff", "-c", Write("old.yaml", "rules:\n  list:\n" + before), "-c",
                    Write("new.yaml", "rules:\n  list:\n" + after), "--messages",
                    Write("lines.jsonl", lines)});
  }

  std::filesystem::path folder_;
};

constexpr char kHot80[] = "    - {name: hot, where: $body.t > 80}\n";
constexpr char kHot90[] = "    - {name: hot, where: $body.t > 90}\n";
constexpr char kLines[] =
    "{\"device\":\"p\",\"topic\":\"a\",\"payload\":{\"t\":95}}\n"
    "{\"device\":\"p\",\"topic\":\"a\",\"payload\":{\"t\":85}}\n"
    "\n"
    "{\"topic\":\"b\",\"payload\":{\"t\":5}}\n"
    "{\"topic\":\"b/#\",\"payload\":{\"t\":85}}\n";

TEST_F(DiffTest, NothingChangesBetweenEqualRules) {
  const Captured same = Diff(kHot80, kHot80, kLines);
  EXPECT_EQ(same.code, kExitFine) << same.errors;
  EXPECT_EQ(same.out, "0 of 4 messages change\n");
}

TEST_F(DiffTest, SaysWhatChangesByVerdictAndRuleWithExamples) {
  const Captured changed =
      Diff(kHot80, std::string(kHot90) + "    - {name: all of b, from: b}\n", kLines);
  EXPECT_EQ(changed.code, kExitNo);
  EXPECT_EQ(changed.out, R"(2 of 4 messages change

By verdict
  now forwarded                     1
    line 4: b
  now dropped                       1
    line 2: a from p

By rule
  hot (changed)
    no longer matches               1
      line 2: a from p
  all of b (new)
    now matches                     1
      line 4: b
)");
}

TEST_F(DiffTest, SeesContentOutputsAndRulesThatChangeNoVerdict) {
  const struct {
    const char* before;
    const char* after;
    const char* says;
  } kCases[] = {
      {"    - {name: r}\n", "    - {name: r, select: [t]}\n", "other content or priority         "},
      {"    - {name: r}\n", "    - {name: r, set: {a: x}}\n", "other content or priority         "},
      {"    - {name: r}\n", "    - {name: r, priority: 1}\n", "other content or priority         "},
      {"    - {name: r}\n", "    - {name: r, into: [log]}\n", "line 1: a: hub -> log"},
      {"    - {name: r}\n", "    - {name: s}\n", "other rules, same outcome "},
  };
  for (const auto& test : kCases) {
    const Captured changed =
        Diff(test.before, test.after, "{\"topic\":\"a\",\"payload\":{\"t\":1,\"u\":2}}\n");
    EXPECT_EQ(changed.code, kExitNo) << test.after;
    EXPECT_THAT(changed.out, HasSubstr(test.says)) << test.after;
    EXPECT_THAT(changed.out, HasSubstr("1 of 1 messages change"));
  }
  EXPECT_THAT(Diff("    - {name: r}\n", "    - {name: s}\n", kLines).out, HasSubstr("r (removed)"));
}

// Where rules stand, and names that no message shows, change nothing.
TEST_F(DiffTest, OrderAloneIsNoChange) {
  const Captured same =
      Diff("    - {name: a, set: {x: 1}}\n    - {name: b, set: {y: 2}}\n",
           "    - {name: b, set: {y: 2}}\n    - {name: a, set: {x: 1}}\n", kLines);
  EXPECT_EQ(same.code, kExitFine) << same.out;
}

TEST_F(DiffTest, ShowsThreeExamplesAndCountsTheRest) {
  std::string lines;
  for (int i = 0; i < 10; ++i) lines += "{\"topic\":\"a\",\"payload\":{\"t\":85}}\n";
  const Captured changed = Diff(kHot80, kHot90, lines);
  EXPECT_THAT(changed.out, HasSubstr("line 3: a\n    and 7 more\n"));
  EXPECT_THAT(changed.out, HasSubstr("line 3: a\n      and 7 more\n"));
}

constexpr char kRising[] =
    R"({"time":"2026-01-01T00:00:00Z","device":"p","topic":"a","payload":{"t":1}})"
    "\n"
    R"({"time":"2026-01-01T00:00:04Z","device":"p","topic":"a","payload":{"t":2}})"
    "\n"
    R"({"time":"2026-01-01T00:00:11Z","device":"p","topic":"a","payload":{"t":3}})"
    "\n";

TEST_F(DiffTest, NamesTheRuleWhoseReducerHoldsOtherwise) {
  const Captured changed = Diff(
      "    - {name: trend, on_change: {of: $body.t, by: 1}}\n    - {name: b, from: b}\n",
      "    - {name: trend, on_change: {of: $body.t, by: 2}}\n    - {name: b, from: b}\n", kRising);
  EXPECT_EQ(changed.code, kExitNo);
  EXPECT_EQ(changed.out, R"(1 of 3 messages change

By verdict
  now dropped                       1
    line 2: a from p

By rule
  trend (changed)
    now held                        1
      line 2: a from p, by on_change
)");
}

// One is changed, the other sends the same message: the first is what to look at.
TEST_F(DiffTest, NamesTheRuleThatWasWrittenAnewWhereSeveralSend) {
  const Captured changed = Diff("    - {name: a, set: {x: 1}}\n    - {name: b, set: {y: 1}}\n",
                                "    - {name: a, set: {x: 1}}\n    - {name: b, set: {y: 2}}\n",
                                "{\"topic\":\"a\",\"payload\":1}\n");
  EXPECT_THAT(changed.out, testing::EndsWith("By rule\n"
                                             "  b (changed)\n"
                                             "    sends otherwise                 1\n"
                                             "      line 1: a\n"));
}

TEST_F(DiffTest, TheDefaultIsNamedWhereNoRuleSends) {
  const std::string lines = Write("lines.jsonl", "{\"topic\":\"a\",\"payload\":1}\n");
  const Captured changed =
      Command({"diff", "-c", Write("old.yaml", "rules: {default: drop}\n"), "-c",
               Write("new.yaml", "rules: {default: forward}\n"), "--messages", lines});
  EXPECT_EQ(changed.code, kExitNo) << changed.errors;
  EXPECT_THAT(changed.out, HasSubstr("  rules.default\n    sends otherwise                 1\n"));
}

TEST_F(DiffTest, ComparesWhatWindowsSend) {
  constexpr char kSum[] = "    - {name: w, window: {every: 10s, select: {s: SUM($body.t)}}}\n";
  constexpr char kMax[] = "    - {name: w, window: {every: 10s, select: {s: MAX($body.t)}}}\n";
  constexpr char kLong[] = "    - {name: w, window: {every: 20s, select: {s: SUM($body.t)}}}\n";
  const Captured same = Diff(kSum, kSum, kRising);
  EXPECT_EQ(same.code, kExitFine);
  EXPECT_EQ(same.out, "0 of 3 messages and 0 of 2 windows change\n");

  // The sum of one number is its maximum.
  const Captured content = Diff(kSum, kMax, kRising);
  EXPECT_EQ(content.code, kExitNo);
  EXPECT_EQ(content.out, R"(0 of 3 messages and 1 of 2 windows change

By verdict
  windows of other content          1
    2026-01-01T00:00:00Z to 2026-01-01T00:00:10Z: a from p

By rule
  w (changed)
    windows of other content        1
      2026-01-01T00:00:00Z to 2026-01-01T00:00:10Z: a from p
)");

  const Captured longer = Diff(kSum, kLong, kRising);
  EXPECT_THAT(longer.out, HasSubstr("windows no longer sent            2\n"));
  EXPECT_THAT(longer.out, HasSubstr("now sends windows               1\n"));

  const Captured none = Diff("    - {name: w}\n", kSum, kRising);
  EXPECT_THAT(none.out, HasSubstr("3 of 3 messages and 2 of 2 windows change\n"));
  EXPECT_THAT(none.out, HasSubstr("now held                        3\n"));
}

TEST_F(DiffTest, SaysWhatItCouldNotCompare) {
  const Captured broken = Diff(kHot80, "    - {name: r, where: $body.t >>}\n", kLines);
  EXPECT_EQ(broken.code, kExitNo);
  EXPECT_EQ(broken.out, "");
  EXPECT_THAT(broken.errors, HasSubstr("nothing was compared"));
  const Captured malformed = Diff(kHot80, kHot80, std::string(kLines) + "nonsense\n");
  EXPECT_EQ(malformed.code, kExitNo);
  EXPECT_EQ(malformed.out, "0 of 4 messages change\n");
  EXPECT_THAT(malformed.errors, HasSubstr("line 6: no message"));
  EXPECT_THAT(malformed.errors, HasSubstr("1 of 5 lines are no messages and were left out"));
  const std::string rules = Write("r.yaml", std::string("rules:\n  list:\n") + kHot80);
  const Captured missing = Command({"diff", "-c", rules, "-c", rules, "--messages", "/nowhere"});
  EXPECT_EQ(missing.code, kExitNo);
  EXPECT_EQ(missing.out, "");
  EXPECT_THAT(missing.errors, HasSubstr("nothing was compared"));
  EXPECT_EQ(Command({"diff", "-c", rules, "--messages", rules}).code, kExitUsage);
  EXPECT_EQ(Command({"diff", "-c", rules, "-c", rules, "-c", rules, "--messages", rules}).code,
            kExitUsage);
}

}  // namespace
}  // namespace sluice::commands
