// Judging allocates nothing once a judge has seen such messages, and rules take little memory.
#include <gtest/gtest.h>

#include "filters/match/judge.h"
#include "filters/match/shaper.h"
#include "tests/allocations.h"
#include "tests/filters/match/rules_fixture.h"

namespace sluice::match {
namespace {

uint64_t AllocationsOf(Judge& judge, Shaper& shaper, const language::MessageView& message) {
  for (int i = 0; i < 3; ++i) {
    shaper.Apply(judge.program().shapes(), judge.Run(message), message.payload);  // grows
  }
  const uint64_t before = Allocations();
  for (int i = 0; i < 100; ++i)
    shaper.Apply(judge.program().shapes(), judge.Run(message), message.payload);
  return Allocations() - before;
}

TEST(AllocationTest, TheCountCounts) {
  const uint64_t before = Allocations();
  ::operator delete(::operator new(1));
  EXPECT_EQ(Allocations() - before, 1U);
}

TEST(AllocationTest, JudgingAllocatesNothing) {
  const auto program = Compiled({
      Rule("drop").From("plant/+/debug/#").Drop(),
      Rule("hot")
          .From("plant/{line}/{unit}/telemetry")
          .Where("$body.temperature > 80 AND $body.unit = 'C' AND $topic.line = 'l1'")
          .Set("alert", "hot")
          .Set("line", "$topic.line")
          .Set("t", "$body.temperature * 1.5")
          .Select("temperature"),
      Rule("text").Where("REGEX_MATCH($topic, '^plant/.*/telemetry$') AND lower($body.unit) = 'k'"),
      Rule("one of a set").Where("REGEX_MATCH($topic, '^[a-z]+/[0-9]+$')"),
      Rule("texts").Where("contains($body.unit, 'kelvin') OR starts_with($topic, 'plant/l9')"),
      Rule("property").Where("site = 'x' AND as_number(level) > 3").Into("log"),
  });
  Judge judge(program);
  Shaper shaper;
  const std::string deep = "{\"a\":" + std::string(500, '[') + std::string(500, ']') + "}";
  struct {
    const char* what;
    Message message;
  } const kCases[] = {
      {"dropped by topic", Message("plant/l1/debug/plc", "text")},
      {"dropped by default",
       Message("plant/l1/press-01/telemetry", R"({"temperature":20.5,"unit":"C"})")},
      {"dropped for its body", Message("plant/l1/press-01/telemetry", R"({"temperature":)")},
      {"forwarded", Message("plant/l1/press-01/telemetry", R"({"temperature":81.5,"unit":"C"})")},
      {"deep", Message("plant/l1/press-01/telemetry", deep)},
      {"with properties", Message("x", "{}").Property("site", "x").Property("level", "4.5")},
  };
  for (const auto& c : kCases)
    EXPECT_EQ(AllocationsOf(judge, shaper, c.message.View()), 0U) << c.what;
}

// One equality over 50 values, two numeric thresholds.
std::vector<Rule> SiteRules(int count) {
  std::vector<Rule> rules;
  for (int i = 0; i < count; ++i) {
    rules.push_back(Rule("r" + std::to_string(i))
                        .Where("$body.site = 'site-" + std::to_string(i % 50) +
                               "' AND $body.temperature > " + std::to_string(i % 97) +
                               ".25 AND $body.pressure < " + std::to_string(i % 89) + ".5"));
  }
  return rules;
}

TEST(MemoryTest, ARuleTakesAtMostAKilobyte) {
  constexpr int kRules = 10'000;
  const std::vector<Rule> rules = SiteRules(kRules);
  const int64_t before = AllocatedBytes();
  const auto program = Compiled(rules);
  const int64_t of_program = AllocatedBytes() - before;
  const Judge judge(program);
  const int64_t of_judge = AllocatedBytes() - before - of_program;
  RecordProperty("program_bytes_per_rule", static_cast<int>(of_program / kRules));
  RecordProperty("judge_bytes_per_rule", static_cast<int>(of_judge / kRules));
  EXPECT_LE(of_program / kRules, 1024);
  EXPECT_LE(of_judge / kRules, 64);
}

}  // namespace
}  // namespace sluice::match
