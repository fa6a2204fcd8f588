// sluice filter, from files to what it prints: the contract of design section 10.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "filters/json/reader.h"
#include "gateway/commands/commands.h"

namespace sluice::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FilterTest : public testing::Test {
 protected:
  FilterTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "filter_test.XXXXXX").string();
    folder_ = ::mkdtemp(folder.data());
  }
  ~FilterTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  // Runs the command on these rules (the list's items) and lines; stdout by lines.
  std::vector<std::string> Run(const std::string& rules, const std::string& lines) {
    options_.config = Write("rules.yaml", "rules:\n" + rules);
    options_.inputs = {Write("lines.jsonl", lines)};
    return Run();
  }

  std::vector<std::string> Run() {
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    code_ = Filter(options_);
    errors_ = testing::internal::GetCapturedStderr();
    std::istringstream out(testing::internal::GetCapturedStdout());
    std::vector<std::string> printed;
    for (std::string line; std::getline(out, line);) printed.push_back(line);
    return printed;
  }

  std::filesystem::path folder_;
  FilterOptions options_;
  int code_ = -1;
  std::string errors_;
};

constexpr char kRules[] = R"(  list:
    - {name: chatter, from: "+/debug/#", drop: true}
    - name: hot
      from: "plant/{line}/telemetry"
      where: $body.t > 80
      set: {alert: hot, line: $topic.line}
    - {name: part, from: "plant/+/part", select: [a.b], into: [hub, log]}
    - {name: hidden, from: "plant/+/hidden", redact: [secret]}
)";

TEST_F(FilterTest, PrintsALineForALine) {
  EXPECT_THAT(
      Run(kRules, R"({"topic":"plant/l1/telemetry","payload":{"t":80.10}})"
                  "\n"
                  R"({"topic":"plant/l1/telemetry","payload":{"t":1}})"
                  "\n"
                  R"({"topic":"x/debug/y","payload":"text"})"
                  "\n"
                  R"({"topic":"a/+","payload":"text"})"
                  "\n"),
      ElementsAre(
          R"({"line":1,"verdict":"forward","rules":["hot"],"outputs":["hub"],"messages":[{"output":"hub","payload":{"t":80.10},"properties":{"alert":"hot","line":"l1"}}]})",
          R"({"line":2,"verdict":"drop","reason":"default","rules":[],"outputs":[],"messages":[]})",
          R"({"line":3,"verdict":"drop","reason":"rule","rules":["chatter"],"outputs":[],"messages":[]})",
          R"({"line":4,"verdict":"drop","reason":"bad topic","rules":[],"outputs":[],"messages":[]})"));
  EXPECT_EQ(code_, kExitFine);
  EXPECT_EQ(errors_, "");
}

TEST_F(FilterTest, AnUnchangedBodyRepeatsItsMemberByteForByte) {
  for (const std::string member :
       {R"("payload":{"t" : 8.10e1, "x":"\u0041"})", R"("payload":"{\"t\":81}")",
        R"("payloadBase64":"eyJ0Ijo4MX0=")"}) {
    const std::vector<std::string> printed =
        Run(kRules, R"({"topic":"plant/l/telemetry",)" + member + "}");
    ASSERT_EQ(printed.size(), 1U);
    EXPECT_THAT(printed[0], HasSubstr("{\"output\":\"hub\"," + member + ",\"properties\""))
        << member;
  }
}

TEST_F(FilterTest, ShapesBodies) {
  EXPECT_THAT(
      Run(kRules, R"({"topic":"plant/l/part","payload":"{\"a\":\n{\"b\":\n[1,\n2.50]}}"})"
                  "\n"
                  R"({"topic":"plant/l/hidden","payload":{"secret":1,"s\u0065cret":2,"k":1.0}})"
                  "\n"
                  R"({"topic":"plant/l/hidden","payload":"no object"})"
                  "\n"),
      ElementsAre(
          R"({"line":1,"verdict":"forward","rules":["part"],"outputs":["hub","log"],"messages":[{"output":"hub","payload":{"a":{"b":[1, 2.50]}},"properties":{}},{"output":"log","payload":{"a":{"b":[1, 2.50]}},"properties":{}}]})",
          R"({"line":2,"verdict":"forward","rules":["hidden"],"outputs":["hub"],"messages":[{"output":"hub","payload":{"k":1.0},"properties":{}}]})",
          R"({"line":3,"verdict":"drop","reason":"rule","rules":["hidden"],"outputs":[],"messages":[]})"));
}

TEST_F(FilterTest, PropertiesAreWhatTheHubWouldShow) {
  const std::vector<std::string> printed = Run(
      kRules,
      R"({"topic":"plant/l/telemetry","payload":{"t":81},"properties":{"ALERT":"x","k":"1","n":null,"K":"2",)"
      R"("origin-device":"me","iothub-x":"1","$.mid":"7","q\"":"\n"}})");
  ASSERT_EQ(printed.size(), 1U);
  EXPECT_THAT(printed[0],
              HasSubstr(R"("properties":{"n":null,"K":"2","q\"":"\n","alert":"hot","line":"l"})"));
}

TEST_F(FilterTest, CountsLinesOfAllInputsBlankOnesIncluded) {
  options_.config = Write("rules.yaml", std::string("rules:\n") + kRules);
  options_.inputs = {Write("a", "\n{\"topic\":\"x/debug/y\",\"payload\":1}\n"),
                     Write("b", "nonsense\n \t\n"),
                     Write("c", "{\"topic\":\"x/debug/y\",\"payload\":1}")};
  const std::vector<std::string> printed = Run();
  ASSERT_EQ(printed.size(), 3U);
  EXPECT_THAT(printed[0], HasSubstr("{\"line\":2,"));
  EXPECT_EQ(printed[1], R"({"line":3,"error":"not JSON: expected an object at byte 1"})");
  EXPECT_THAT(printed[2], HasSubstr("{\"line\":5,"));
  EXPECT_EQ(code_, kExitNo);
  EXPECT_THAT(errors_, HasSubstr("/b:1: no message: not JSON"));
  EXPECT_THAT(errors_, HasSubstr("1 of 5 lines are no messages"));
}

TEST_F(FilterTest, TimeNeverGoesBack) {
  const std::vector<std::string> printed =
      Run("  list:\n    - {name: r, set: {now: $now}}\n",
          R"({"topic":"t","payload":1})"
          "\n"
          R"({"topic":"t","payload":1,"time":"1970-01-01T00:00:05Z"})"
          "\n"
          R"({"topic":"t","payload":1,"time":"1970-01-01T00:00:03Z"})"
          "\n"
          R"({"topic":"t","payload":1})"
          "\n");
  ASSERT_EQ(printed.size(), 4U);
  EXPECT_THAT(printed[0], HasSubstr(R"("now":"0")"));
  for (size_t i = 1; i < 4; ++i) EXPECT_THAT(printed[i], HasSubstr(R"("now":"5")"));
}

TEST_F(FilterTest, SumsUp) {
  options_.summary = true;
  EXPECT_THAT(
      Run(kRules, R"({"topic":"plant/l/telemetry","payload":{"t":81}})"
                  "\n"
                  R"({"topic":"plant/l/telemetry","payload":"{\"t\":"})"
                  "\n"
                  R"({"topic":"plant/l/hidden","payload":"no object"})"
                  "\n"
                  "nonsense\n"
                  R"({"topic":"#","payload":1})"
                  "\n"),
      ElementsAre(
          R"({"messages":4,"forwarded":1,"dropped":3,"malformed":1,"rules":{"chatter":{"matched":0,"errors":0},"hot":{"matched":1,"errors":1},"part":{"matched":0,"errors":0},"hidden":{"matched":1,"errors":1}}})"));
  EXPECT_EQ(code_, kExitNo);
}

TEST_F(FilterTest, ATableSaysWhatEachRuleHeldAndSent) {
  options_.table = true;
  const std::vector<std::string> printed =
      Run(R"(  list:
    - {name: trend, on_change: {of: $body.t}, into: [hub, log]}
    - {name: mean, window: {every: 10s, select: {t: AVG($body.t)}}}
    - {name: part, from: x, select: [a]}
)",
          R"({"topic":"t","payload":{"t":1},"time":"2026-01-01T00:00:01Z"})"
          "\n"
          R"({"topic":"t","payload":{"t":1},"time":"2026-01-01T00:00:02Z"})"
          "\n"
          R"({"topic":"t","payload":{"t":2},"time":"2026-01-01T00:00:11Z"})"
          "\n"
          R"({"topic":"x","payload":[],"time":"2026-01-01T00:00:11Z"})"
          "\n"
          R"({"topic":"#","payload":1})"
          "\n"
          "nonsense\n");
  EXPECT_THAT(printed,
              ElementsAre("5 messages: 2 forwarded, 3 dropped (rule 1, on_change 1, bad topic 1)",
                          "lines that are no messages: 1", "",
                          "rule     matched     errors    windows       sent  held by",
                          "trend          4          0          0          4  on_change 2",
                          "mean           4          0          3          3  window 4",
                          "part           1          1          0          0"));
  EXPECT_EQ(code_, kExitNo);
}

TEST_F(FilterTest, NotesTheFirstErrorOfEachRuleAndAllAtTheEnd) {
  Run(kRules, R"({"topic":"plant/l/telemetry","payload":"{\"t\":"})"
              "\n"
              R"({"topic":"plant/l/telemetry","payload":"{"})"
              "\n"
              R"({"topic":"plant/l/hidden","payload":"no object"})"
              "\n");
  EXPECT_EQ(code_, kExitFine);
  const std::string file = options_.inputs[0];
  EXPECT_EQ(errors_, "sluice: " + file +
                         ":1: rule 'hot' needs the body, which should be JSON and is not\n"
                         "sluice: " +
                         file +
                         ":3: rule 'hidden' selects or redacts, and the body is no JSON object\n"
                         "sluice: messages whose body a rule could not use: 'hot' 2, 'hidden' 1\n"
                         "  sluice explain tells why\n");
}

TEST_F(FilterTest, SaysWhereRulesAreWrong) {
  Run("  list:\n    - {name: r, where: $body.t >> 80}\n", "");
  EXPECT_EQ(code_, kExitNo);
  EXPECT_THAT(errors_, HasSubstr("rules.yaml:3:"));
  EXPECT_THAT(errors_, HasSubstr("error: rule 'r':"));
}

TEST_F(FilterTest, SaysWhichInputIsMissing) {
  options_.config = Write("rules.yaml", std::string("rules:\n") + kRules);
  options_.inputs = {(folder_ / "missing").string()};
  Run();
  EXPECT_EQ(code_, kExitNo);
  EXPECT_THAT(errors_, HasSubstr("missing: No such file"));
}

// What tests/data/corpus/README.md says is planted, found again.
TEST_F(FilterTest, FindsWhatIsPlantedInTheCorpus) {
  options_.config = Write("rules.yaml", R"(rules:
  list:
    - {name: chatter, from: "plant/+/debug/#", drop: true}
    - {name: over 80, from: plant/+/+/telemetry, where: $body.temperature > 80 AND $body.unit = 'C'}
    - {name: press-03, from: plant/+/press-03/telemetry, where: $body.temperature > 80}
    - {name: bearing, from: plant/+/vib-04/telemetry, where: $body.v_rms.z > 4.5}
)");
  options_.inputs = {SLUICE_TEST_DATA "/corpus/plant.jsonl"};
  options_.summary = true;
  const std::vector<std::string> printed = Run();
  ASSERT_EQ(printed.size(), 1U);
  const nlohmann::json summary = nlohmann::json::parse(printed[0]);
  EXPECT_EQ(summary["messages"], 19'917);
  EXPECT_EQ(summary["malformed"], 0);
  EXPECT_EQ(summary["rules"]["chatter"]["matched"], 1'812);
  EXPECT_EQ(summary["rules"]["over 80"]["matched"], 801);
  EXPECT_EQ(summary["rules"]["press-03"]["matched"], 202);
  EXPECT_EQ(summary["rules"]["bearing"]["matched"], 101);
}

TEST_F(FilterTest, AccountsForEveryHostileLine) {
  options_.config = Write("rules.yaml", R"(rules:
  default: forward
  list:
    - {name: typed, where: "$body.temperature > 80 AND $body.unit = 'C'", set: {alert: hot, t: $body.temperature}}
    - {name: shaped, select: [temperature, a.b], redact: [unit]}
)");
  options_.inputs = {SLUICE_TEST_DATA "/corpus/hostile.jsonl",
                     SLUICE_TEST_DATA "/corpus/fleet-shapes.jsonl"};
  const std::vector<std::string> printed = Run();
  EXPECT_EQ(code_, kExitFine);
  ASSERT_EQ(printed.size(), 450U);
  int beyond_double = 0;
  for (size_t i = 0; i < printed.size(); ++i) {
    const nlohmann::json line = nlohmann::json::parse(printed[i], nullptr, false);
    if (line.is_discarded()) {  // JSON all the same, with a number beyond a double
      json::Reader reader(printed[i]);
      std::string_view raw;
      EXPECT_TRUE(reader.ReadValue(&raw) && reader.AtEnd()) << printed[i];
      ++beyond_double;
      continue;
    }
    EXPECT_EQ(line["line"], i + 1);
    EXPECT_EQ(line["verdict"] == "drop", line.contains("reason"));
    EXPECT_EQ(line["verdict"] == "drop", line["messages"].empty());
    for (const nlohmann::json& message : line["messages"]) {
      for (const auto& [name, value] : message["properties"].items()) {
        EXPECT_NE(name.substr(0, 2), "$.");
        EXPECT_NE(name.substr(0, 7), "iothub-");
      }
    }
  }
  EXPECT_EQ(beyond_double, 3);  // lines 39, 40 and 48
}

}  // namespace
}  // namespace sluice::commands
