// sluice explain: agrees with filter on everything, and leaves no undefined value unexplained.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
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

// Every "value" that is undefined has a "reason"; returns how many there are.
size_t CountUndefined(const json& node) {
  size_t count = 0;
  if (node.is_object() && node.contains("value") && node["value"] == "undefined") {
    ++count;
    EXPECT_TRUE(node["reason"].is_string() && !node["reason"].get<std::string>().empty()) << node;
  }
  if (node.is_structured()) {
    for (const json& child : node) count += CountUndefined(child);
  }
  return count;
}

// Conditions of every kind, so that lines of every kind say something about them.
std::string CorpusRules(const std::string& profile) {
  const std::string extensions = profile == "edgehub" ? "" : R"(
    - {name: topic, where: "REGEX_MATCH($topic, '^plant/[^/]+/') AND $topic[2] <> 'x' OR $device = 'a'"}
    - {name: now, where: "NOT ($topic[9] = 'x') AND $now > 1700000000"})";
  return "rules:\n  profile: " + profile + R"(
  list:
    - {name: hot, where: "$body.temperature > 80 AND $body.unit = 'C'", set: {t: $body.temperature, u: $body.unit}}
    - {name: cold, where: NOT ($body.temperature > 80) OR $body.state = 'fault'}
    - {name: nested, where: $body.v_rms.z > 1 OR is_defined($body.values) OR $body.a.b.c = 1}
    - {name: absent, where: NOT is_defined($body.temperature) AND NOT is_null($body.unit)}
    - {name: property, where: "site = 'x' OR $contentType = 'application/json' AND $contentEncoding = 'utf-8'"}
    - {name: computed, where: "$body.temperature * 2 + 1 >= 3 OR length($body.unit) > 0 OR concat(site, 'x') = 'yx'"}
    - {name: ordered, where: $body.temperature = true OR $body.temperature > $body.unit}
    - {name: bare, where: $body.temperature}
    - {name: twin, where: "$twin.tags.site = 'x' OR $messageId = '1'"}
    - {name: numeric, where: as_number($body.temperature) > 1 OR is_string($body.temperature)})" +
         extensions + R"(
    - {name: shaped, from: plant/+/+/telemetry, select: [temperature], redact: [unit], final: true}
    - {name: rest, from: "+/#", where: $body.id <> 0}
)";
}

TEST_F(ExplainCommandTest, AgreesWithFilterOnEveryLineOfTheCorpus) {
  for (const std::string profile : {"default", "edgehub"}) {
    const std::string rules = Write("corpus.yaml", CorpusRules(profile));
    for (const std::string name : {"fleet-shapes.jsonl", "hostile.jsonl"}) {
      const std::string corpus = std::string(SLUICE_TEST_DATA "/corpus/") + name;
      const Captured filtered = Command({"filter", "-c", rules, corpus});
      const Captured explained = Command({"explain", "-c", rules, "--json", "--message", corpus});
      ASSERT_EQ(filtered.code, kExitFine) << filtered.errors;
      ASSERT_EQ(explained.code, kExitFine) << explained.errors;
      std::istringstream filter_lines(filtered.out), explain_lines(explained.out);
      size_t lines = 0, undefined = 0;
      for (std::string filter_line, explain_line; std::getline(filter_lines, filter_line);
           ++lines) {
        ASSERT_TRUE(std::getline(explain_lines, explain_line));
        const json explanation = json::parse(explain_line);
        std::vector<std::string> matched;
        for (const json& rule : explanation["rules"]) {
          if (rule["matched"]) matched.push_back(rule["name"]);
          EXPECT_TRUE(rule["matched"] || rule["reason"].is_string()) << explain_line;
        }
        undefined += CountUndefined(explanation);
        // Bodies may hold numbers beyond a double, which this parser refuses: look before them.
        const json verdict =
            json::parse(filter_line.substr(0, filter_line.find(",\"messages\":")) + "}");
        EXPECT_EQ(explanation["line"], verdict["line"]);
        EXPECT_EQ(explanation["verdict"], verdict["verdict"]);
        EXPECT_EQ(explanation["reason"].is_null() ? json("") : explanation["reason"],
                  verdict.value("reason", ""));
        EXPECT_EQ(json(matched), verdict["rules"]) << explain_line;
        EXPECT_EQ(explanation["outputs"], verdict["outputs"]);
      }
      EXPECT_EQ(lines, name == "hostile.jsonl" ? 140u : 310u);
      EXPECT_GT(undefined, 1000u);
    }
  }
}

// Nothing in a message may reach the terminal as a control sequence.
TEST_F(ExplainCommandTest, HostileTextIsPrintedHarmlessly) {
  const std::string rules = Write("corpus.yaml", CorpusRules("default"));
  const Captured explained =
      Command({"explain", "-c", rules, "--message", SLUICE_TEST_DATA "/corpus/hostile.jsonl"});
  EXPECT_EQ(explained.code, kExitFine);
  for (const char c : explained.out)
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

}  // namespace
}  // namespace sluice::commands
