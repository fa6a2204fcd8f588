#include "filters/match/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/filters/match/rules_fixture.h"

namespace sluice::match {
namespace {

// "rules a,b errors c: hub/0 p5 [a] x=1; log p1 [b]"; "drop rule" or "drop default" in place of
// deliveries.
std::string Summary(const compile::Program& program, const Verdict& verdict) {
  const auto names = [&](std::span<const uint16_t> rules) {
    std::string list;
    for (const uint16_t rule : rules)
      list += (list.empty() ? "" : ",") + program.rules()[rule].name;
    return list;
  };
  std::string out;
  if (!verdict.rules.empty()) out += "rules " + names(verdict.rules) + " ";
  if (!verdict.errors.empty()) out += "errors " + names(verdict.errors) + " ";
  if (verdict.reason == DropReason::kRule) return out + "drop rule";
  if (verdict.reason == DropReason::kDefault) return out + "drop default";
  out += "->";
  for (const Delivery& delivery : verdict.deliveries) {
    out += " " + program.outputs()[delivery.output];
    if (delivery.shape != compile::kUnchanged) out += "/" + std::to_string(delivery.shape);
    out += " p" + std::to_string(delivery.priority) + " [" + names(delivery.rules) + "]";
    for (const SetProperty& property : delivery.set) {
      out += " " + std::string(property.name) + "=" + std::string(property.value);
    }
    out += ";";
  }
  return out;
}

std::string Judged(const std::shared_ptr<const compile::Program>& program, const Message& message) {
  Judge judge(program);
  return Summary(*program, judge.Run(message.View()));
}

std::string Judged(const std::vector<Rule>& rules, const Message& message) {
  return Judged(Compiled(rules), message);
}

const Message kHot("plant/l1/press-01/telemetry", R"({"temperature":81.5,"unit":"C"})");

// Texts that conditions make are bounded for each condition, not for all rules together.
TEST(JudgeTest, AConditionComesOutTheSameHoweverManyOthersMadeTexts) {
  std::vector<Rule> rules;
  for (int i = 0; i < 100; ++i)
    rules.push_back(Rule("r" + std::to_string(i)).Where("upper($body.text) = 'X'"));
  rules.push_back(Rule("last").Where("starts_with(upper($body.text), 'AA')"));
  const Message long_text("t", "{\"text\":\"" + std::string(250'000, 'a') + "\"}");
  EXPECT_EQ(Judged({rules.back()}, long_text), "rules last -> hub p5 [last];");
  EXPECT_EQ(Judged(rules, long_text), "rules last -> hub p5 [last];");
}

TEST(JudgeTest, JudgesInTheOrderWritten) {
  EXPECT_EQ(
      Judged({Rule("a").Where("$body.temperature > 80"), Rule("b").Where("$body.temperature > 90"),
              Rule("c").From("plant/{line}/+/telemetry").Where("$topic.line = 'l1'").Into("log")},
             kHot),
      "rules a,c -> hub p5 [a]; log p5 [c];");
}

TEST(JudgeTest, DropEndsJudgingAndRemovesNothing) {
  EXPECT_EQ(Judged({Rule("a").Drop(), Rule("b")}, kHot), "rules a drop rule");
  EXPECT_EQ(Judged({Rule("a"), Rule("b").Drop(), Rule("c").Into("log")}, kHot),
            "rules a,b -> hub p5 [a];");
}

TEST(JudgeTest, FinalEndsJudgingAfterItsOutputs) {
  EXPECT_EQ(
      Judged({Rule("a").Where("false").Final(), Rule("b").Final().Into("log"), Rule("c")}, kHot),
      "rules b -> log p5 [b];");
}

TEST(JudgeTest, WhatNoRuleTookGoesByDefault) {
  compile::RuleSetSpec forward;
  forward.forward_by_default = true;
  EXPECT_EQ(Judged({Rule("a").From("other")}, kHot), "drop default");
  EXPECT_EQ(Judged(Compiled({Rule("a").From("other")}, forward), kHot), "-> hub p5 [];");
  EXPECT_EQ(Judged(Compiled({Rule("a").Drop()}, forward), kHot), "rules a drop rule");
}

TEST(JudgeTest, UnitesEqualOutputAndShape) {
  EXPECT_EQ(Judged({Rule("a").Set("Alert", "1").Set("x", "a").Priority(7),
                    Rule("b").Set("alert", "2").Set("y", "b").Priority(2).Into("hub").Into("log"),
                    Rule("c").Select("unit").Set("alert", "3"),
                    Rule("d").Select("unit").Set("z", "d"), Rule("e").Redact("unit")},
                   kHot),
            "rules a,b,c,d,e -> hub p2 [a,b] Alert=1 x=a y=b; log p2 [b] alert=2 y=b; "
            "hub/0 p5 [c,d] alert=3 z=d; hub/1 p5 [e];");
}

TEST(JudgeTest, SetsValues) {
  EXPECT_EQ(Judged({Rule("a")
                        .From("plant/{line}/#")
                        .Set("literal", "$$5")
                        .Set("line", "$topic.line")
                        .Set("t", "$body.temperature")
                        .Set("t2", "$body.temperature * 2")
                        .Set("hot", "$body.temperature > 80")
                        .Set("missing", "$body.ghost")
                        .Set("device", "$device")},
                   kHot),
            "rules a -> hub p5 [a] literal=$5 line=l1 t=81.5 t2=163 hot=true device=dev-1;");
}

TEST(JudgeTest, AnUndefinedValueLeavesTheNameToALaterRule) {
  EXPECT_EQ(Judged({Rule("a").Set("x", "$body.ghost"), Rule("b").Set("X", "b")}, kHot),
            "rules a,b -> hub p5 [a,b] X=b;");
}

TEST(JudgeTest, RoutesTakeDevices) {
  EXPECT_EQ(
      Judged({Rule("all").Route("FROM /* INTO $upstream"),
              Rule("hot").Route("FROM /messages/* WHERE $body.temperature > 80 INTO $upstream"),
              Rule("modules").Route("FROM /messages/modules/* INTO $upstream")},
             kHot),
      "rules all,hot -> hub p5 [all,hot];");
}

TEST(JudgeTest, ARuleWithoutFromTakesDollarTopicsToo) {
  EXPECT_EQ(Judged({Rule("all"), Rule("hash").From("#").Into("log")}, Message("$x/y", "{}")),
            "rules all -> hub p5 [all];");
}

TEST(JudgeTest, ABodyThatShouldBeJsonIsAnErrorOfRulesThatNeededIt) {
  const Message broken = Message("t", R"({"temperature":81.5)").Property("line", "l1");
  struct {
    std::string where;
    std::string verdict;
  } const kCases[] = {
      {"$body.temperature > 80", "errors r drop default"},
      {"NOT ($body.temperature > 80)", "errors r drop default"},
      {"NOT IS_DEFINED($body.temperature)",
       "errors r drop default"},  // what cannot be read is not known to be missing
      {"line = 'l1' AND $body.temperature > 80", "errors r drop default"},
      {"$body.temperature > 80 AND line = 'l1'", "errors r drop default"},
      {"line = 'l2' AND $body.temperature > 80",
       "drop default"},  // decided without the body, in either order
      {"$body.temperature > 80 AND line = 'l2'", "drop default"},
      {"ghost = 'x' AND $body.temperature > 80",
       "drop default"},  // undefined AND anything is never true
      {"line = 'l1' OR $body.temperature > 80", "rules r -> hub p5 [r];"},
      {"$body.temperature > 80 OR line = 'l1'", "rules r -> hub p5 [r];"},
      {"$body.temperature > 80 OR line = 'l2'", "errors r drop default"},
      {"NOT (line = 'l2' AND $body.a = 1) AND line = 'l1'", "rules r -> hub p5 [r];"},
      {"line = 'l1'", "rules r -> hub p5 [r];"},  // never asked
  };
  for (const auto& c : kCases)
    EXPECT_EQ(Judged({Rule("r").Where(c.where)}, broken), c.verdict) << c.where;
}

TEST(JudgeTest, EdgeHubsPropertiesHideMembersOfABodyThatIsNone) {
  const Message broken = Message("t", R"({"line":)").Property("$body.line", "l1");
  struct {
    std::string where;
    std::string verdict;
  } const kCases[] = {
      {"$body.level > 3", "errors r drop default"},
      {"NOT IS_DEFINED($body.level)", "errors r drop default"},
      {"$body.line = 'l1'", "rules r -> hub p5 [r];"},
      {"$body.line = 'l2'", "drop default"},
  };
  compile::RuleSetSpec edgehub;
  edgehub.profile = language::Profile::kEdgeHub;
  for (const auto& c : kCases)
    EXPECT_EQ(Judged(Compiled({Rule("r").Where(c.where)}, edgehub), broken), c.verdict) << c.where;
}

TEST(JudgeTest, RulesOfOtherTopicsOrNeverReachedCountNoError) {
  const Message broken("t", "{");
  EXPECT_EQ(Judged({Rule("a").From("other").Where("$body.x = 1"), Rule("b").Where("$body.x = 1"),
                    Rule("c").Final(), Rule("d").Where("$body.x = 1")},
                   broken),
            "rules c errors b -> hub p5 [c];");
}

TEST(JudgeTest, WhatIsNotDeclaredJsonIsNoError) {
  const std::vector<Rule> rules = {Rule("r").Where("$body.x = 1")};
  EXPECT_EQ(Judged(rules, Message("t", "{").Type("text/plain")), "drop default");
  EXPECT_EQ(Judged(rules, Message("t", "[1]").Type("application/json")), "drop default");
  EXPECT_EQ(Judged(rules, Message("t", "{").Type("application/json")), "errors r drop default");
  compile::RuleSetSpec strict;
  strict.assume_json = false;
  EXPECT_EQ(Judged(Compiled(rules, strict), Message("t", "{")), "drop default");
  EXPECT_EQ(Judged(Compiled(rules, strict), Message("t", R"({"x":1})")), "drop default");
}

TEST(JudgeTest, ABrokenTailCountsWhereverTheMemberStands) {
  // The same body gives the same verdict whatever other rules are loaded.
  const Message message("t", R"({"a":1,"b":2,})");
  for (const std::string where : {"$body.a = 1", "$body.b = 2", "$body.ghost = 1"}) {
    EXPECT_EQ(Judged({Rule("r").Where(where)}, message), "errors r drop default");
  }
}

TEST(JudgeTest, KnowsNothingOfTheLastMessage) {
  const auto program = Compiled({Rule("r").Where("$body.temperature > 80").Set("u", "$body.unit")});
  Judge judge(program);
  EXPECT_EQ(Summary(*program, judge.Run(kHot.View())), "rules r -> hub p5 [r] u=C;");
  EXPECT_EQ(Summary(*program, judge.Run(Message("t", "{}").View())), "drop default");
  EXPECT_EQ(Summary(*program, judge.Run(Message("t", "{").View())), "errors r drop default");
  EXPECT_EQ(Summary(*program, judge.Run(Message("t", R"({"temperature":99})").View())),
            "rules r -> hub p5 [r];");
}

}  // namespace
}  // namespace sluice::match
