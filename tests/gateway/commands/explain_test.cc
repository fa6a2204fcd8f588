// sluice explain: what it prints, and what it refuses. explain_corpus_test.cc holds it to filter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/gateway/commands/captured.h"

namespace sluice::commands {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class ExplainCommandTest : public testing::Test {
 protected:
  ExplainCommandTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "explain_test.XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
  }
  ~ExplainCommandTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  Captured Explain(const std::string& rules, const std::string& lines, bool as_json = false) {
    std::vector<std::string> arguments = {"explain", "-c", Write("rules.yaml", rules), "--message",
                                          Write("lines.jsonl", lines)};
    if (as_json) arguments.push_back("--json");
    return Command(arguments);
  }

  std::filesystem::path folder_;
};

constexpr char kRules[] = R"(rules:
  list:
    - {name: chatter, from: "+/debug/#", drop: true}
    - name: hot
      from: plant/{line}/telemetry
      where: $body.t > 80 AND $body.unit = 'C'
      set: {line: $topic.line}
)";

TEST_F(ExplainCommandTest, ShowsAPersonWhatDecided) {
  const Captured explained = Explain(
      kRules, R"({"device":"p","topic":"plant/l1/telemetry","payload":{"t":81.5,"unit":"F"}})"
              "\n");
  EXPECT_EQ(explained.code, kExitFine) << explained.errors;
  EXPECT_EQ(explained.out, R"(line 1: plant/l1/telemetry from p
drop: default (no rule took it)

chatter  no match: level 2 of the topic is 'l1', not 'debug'
  from  +/debug/#
          ^~~~~

hot      no match: $body.unit = 'C' is false
  from  plant/{line}/telemetry
  where $body.t > 80 AND $body.unit = 'C'
                         ^~~~~~~~~~~~~~~~
        true       $body.t > 80      $body.t is 81.5
        false      $body.unit = 'C'  $body.unit is 'F'
)");
}

TEST_F(ExplainCommandTest, PrintsAnObjectALine) {
  const Captured explained = Explain(kRules,
                                     R"({"topic":"plant/l1/telemetry","payload":{"t":81.5}})"
                                     "\n\n"
                                     R"({"topic":"x/debug/y","payload":1})"
                                     "\n",
                                     true);
  std::istringstream out(explained.out);
  std::string first, second;
  ASSERT_TRUE(std::getline(out, first) && std::getline(out, second)) << explained.errors;
  const json hot = json::parse(first);
  EXPECT_EQ(hot["line"], 1);
  EXPECT_EQ(hot["verdict"], "drop");
  EXPECT_EQ(hot["reason"], "default");
  EXPECT_EQ(hot["rules"][1]["name"], "hot");
  EXPECT_EQ(hot["rules"][1]["matched"], false);
  EXPECT_EQ(hot["rules"][1]["where"], "undefined");
  EXPECT_EQ(hot["rules"][1]["predicates"][1]["text"], "$body.unit = 'C'");
  EXPECT_EQ(hot["rules"][1]["predicates"][1]["reason"], "$body.unit: the body has no such member");
  const json chatter = json::parse(second);
  EXPECT_EQ(chatter["line"], 3);
  EXPECT_EQ(chatter["reason"], "rule");
  EXPECT_EQ(chatter["rules"][0]["matched"], true);
  EXPECT_EQ(chatter["rules"][1]["judged"], false);
  EXPECT_THAT(chatter["rules"][1]["reason"], HasSubstr("'chatter' ended judging (drop)"));
}

TEST_F(ExplainCommandTest, ABadTopicIsNotJudged) {
  const Captured explained = Explain(kRules, R"({"topic":"a/#","payload":1})");
  EXPECT_EQ(explained.code, kExitFine);
  EXPECT_THAT(explained.out, HasSubstr("drop: bad topic"));
  EXPECT_THAT(explained.out, Not(HasSubstr("chatter")));
}

TEST_F(ExplainCommandTest, RedactionThatFailsClosedIsExplained) {
  const Captured explained =
      Explain("rules:\n  list:\n    - {name: r, redact: [a]}\n", R"({"topic":"t","payload":"x"})");
  EXPECT_THAT(explained.out, HasSubstr("drop: rule"));
  EXPECT_THAT(explained.out,
              HasSubstr("r  matched: select and redact need a JSON object, and the body is none"));
}

TEST_F(ExplainCommandTest, RefusesWhatItCannotUse) {
  EXPECT_EQ(Explain("rules: {list: [{name: r, where: $body.t >>}]}", "").code, kExitNo);
  const Captured malformed = Explain(kRules, "nonsense\n");
  EXPECT_EQ(malformed.code, kExitNo);
  EXPECT_THAT(malformed.errors, HasSubstr("line 1: no message: not JSON"));
  EXPECT_EQ(Explain(kRules, "\n").code, kExitNo);
  EXPECT_EQ(Command({"explain", "-c", Write("r.yaml", kRules), "--message", "/nowhere"}).code,
            kExitNo);
  EXPECT_EQ(Command({"explain", "-c", "x"}).code, kExitUsage);
}

TEST_F(ExplainCommandTest, TakesALineAndARuleOutOfMany) {
  const std::string rules = Write("rules.yaml", kRules);
  const std::string lines =
      Write("lines.jsonl", R"({"topic":"plant/l1/telemetry","payload":{"t":81,"unit":"C"}})"
                           "\n"
                           R"({"topic":"plant/l2/telemetry","payload":{"t":1,"unit":"C"}})"
                           "\n");
  const auto explain = [&](std::vector<std::string> more) {
    std::vector<std::string> all = {"explain", "-c", rules, "--message", lines};
    all.insert(all.end(), more.begin(), more.end());
    return Command(all);
  };
  const Captured one = explain({"--line", "2", "--rule", "hot"});
  EXPECT_EQ(one.code, kExitFine) << one.errors;
  EXPECT_THAT(one.out, HasSubstr("line 2: plant/l2/telemetry\n"));
  EXPECT_THAT(one.out, HasSubstr("hot  no match: $body.t > 80 is false\n"));
  EXPECT_THAT(one.out, Not(testing::AnyOf(HasSubstr("chatter"), HasSubstr("line 1"))));
  EXPECT_THAT(explain({"--line", "3"}).errors, HasSubstr("no message line 3"));
  const Captured unknown = explain({"--rule", "hut"});
  EXPECT_EQ(unknown.code, kExitNo);
  EXPECT_THAT(unknown.errors, HasSubstr("there is no rule 'hut'; did you mean 'hot'?"));
}

TEST_F(ExplainCommandTest, NamesTheReducerThatHeldAMessage) {
  const std::string rules = Write("rules.yaml",
                                  "rules:\n  list:\n"
                                  "    - {name: every, sample: 2}\n"
                                  "    - {name: copy, dedup: 1m, into: log}\n");
  const std::string line = R"({"topic":"t","payload":1,"time":"2026-03-10T09:45:00Z"})";
  const std::string lines = Write("lines.jsonl", line + "\n" + line + "\n");
  const Captured second =
      Command({"explain", "-c", rules, "--message", lines, "--line", "2", "--json"});
  ASSERT_EQ(second.code, kExitFine) << second.errors;
  const json explained = json::parse(second.out);
  EXPECT_EQ(explained["reason"], "sample");
  EXPECT_EQ(explained["rules"][0]["held"], "sample");
  EXPECT_EQ(explained["rules"][1]["held"], "dedup");
  EXPECT_THAT(
      Command({"explain", "-c", rules, "--message", lines}).out,
      testing::AllOf(HasSubstr("every  matched\n"), HasSubstr("every  matched, held by sample\n"),
                     HasSubstr("drop: sample (rules took it, and a reducer held it)")));
}

TEST_F(ExplainCommandTest, TellsWhatReducersKnew) {
  const std::string rules =
      "rules:\n  list:\n"
      "    - {name: trend, per: [$body.k], on_change: {of: $body.t, by: 1}, rate: 5/s}\n";
  const std::string lines =
      R"({"topic":"t","payload":{"k":"a","t":1},"time":"2026-03-10T09:45:00Z"})"
      "\n"
      R"({"topic":"t","payload":{"k":"a","t":1.5},"time":"2026-03-10T09:45:02Z"})"
      "\n";
  EXPECT_THAT(Explain(rules, lines).out,
              HasSubstr("trend  matched, held by on_change\n"
                        "  per   'a'\n"
                        "  on_change holds it: 1.5 differs from 1, which last passed, by 0.5, less "
                        "than 1; the last passed 2s ago\n"));
  std::string last = Explain(rules, lines, true).out;
  last = last.substr(last.find('\n') + 1);
  const json rule = json::parse(last)["rules"][0];
  EXPECT_EQ(rule["per"], json::array({"'a'"}));
  ASSERT_EQ(rule["reducers"].size(), 1U);
  EXPECT_EQ(rule["reducers"][0]["name"], "on_change");
  EXPECT_EQ(rule["reducers"][0]["passes"], false);
  EXPECT_EQ(rule["reducers"][0]["state"]["last"], 1);
  EXPECT_EQ(rule["reducers"][0]["state"]["difference"], 0.5);
}

}  // namespace
}  // namespace sluice::commands
