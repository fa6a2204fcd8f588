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
  hot
    no longer matches       1
      line 2: a from p
  all of b (new)
    now matches             1
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

TEST_F(DiffTest, RefusesWhatItCannotUse) {
  EXPECT_EQ(Diff(kHot80, "    - {name: r, where: $body.t >>}\n", kLines).code, kExitNo);
  const Captured malformed = Diff(kHot80, kHot80, "nonsense\n");
  EXPECT_EQ(malformed.code, kExitNo);
  EXPECT_THAT(malformed.errors, HasSubstr("line 1: no message"));
  const std::string rules = Write("r.yaml", std::string("rules:\n  list:\n") + kHot80);
  EXPECT_EQ(Command({"diff", "-c", rules, "-c", rules, "--messages", "/nowhere"}).code, kExitNo);
  EXPECT_EQ(Command({"diff", "-c", rules, "--messages", rules}).code, kExitUsage);
  EXPECT_EQ(Command({"diff", "-c", rules, "-c", rules, "-c", rules, "--messages", rules}).code,
            kExitUsage);
}

}  // namespace
}  // namespace sluice::commands
