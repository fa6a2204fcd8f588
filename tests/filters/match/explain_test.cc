// Explanations: what decided, why a value is undefined, and always what Judge says.
#include "filters/match/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filters/match/value_text.h"
#include "tests/filters/match/rules_fixture.h"

namespace sluice::match {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Outcome = ExplainedRule::Outcome;

std::vector<ExplainedRule> Explained(const std::vector<Rule>& rules, const Message& message,
                                     compile::RuleSetSpec spec = {}) {
  auto program = Compiled(rules, spec);
  for (const Rule& rule : rules) spec.rules.push_back(rule.spec());
  if (program == nullptr) return std::vector<ExplainedRule>(rules.size());
  Explainer explainer(program, spec);
  const language::MessageView view = message.View();
  std::vector<ExplainedRule> explained = explainer.Explain(view);
  Judge judge(program);
  std::vector<std::string> judged, told;
  for (const uint16_t rule : judge.Run(view).rules) judged.push_back(program->rules()[rule].name);
  for (size_t i = 0; i < explained.size(); ++i) {
    if (explained[i].matched()) told.push_back(program->rules()[i].name);
  }
  EXPECT_EQ(judged, told);
  return explained;
}

ExplainedRule ExplainWhere(const std::string& where, const Message& message,
                           compile::RuleSetSpec spec = {}) {
  return Explained({Rule("r").Where(where)}, message, std::move(spec))[0];
}

const Message kPress("plant/line1/press-03/telemetry",
                     R"({"t":81.5,"unit":"C","n":"abc","deep":{"a":1},"yes":true})");

// The predicates' texts; a star marks those that decided.
std::vector<std::string> Predicates(const ExplainedRule& rule) {
  std::vector<std::string> texts;
  for (const ExplainedPredicate& predicate : rule.predicates)
    texts.push_back((predicate.decided ? "*" : "") + std::string(TruthText(predicate.value)) + " " +
                    predicate.text);
  return texts;
}

TEST(ExplainTest, TakesConditionsApartAndMarksWhatDecided) {
  const struct {
    const char* where;
    std::vector<std::string> predicates;
  } kCases[] = {
      {"$body.t > 80", {"*true $body.t > 80"}},
      {"$body.t > 80 AND $body.unit = 'F' AND $body.x = 1",
       {"true $body.t > 80", "*false $body.unit = 'F'", "undefined $body.x = 1"}},
      {"$body.t > 80 AND $body.unit = 'C'", {"*true $body.t > 80", "*true $body.unit = 'C'"}},
      {"$body.t > 90 OR $body.unit = 'C'", {"false $body.t > 90", "*true $body.unit = 'C'"}},
      {"$body.t > 90 OR $body.unit = 'F'", {"*false $body.t > 90", "*false $body.unit = 'F'"}},
      {"$body.x > 1 AND $body.t > 80", {"*undefined $body.x > 1", "true $body.t > 80"}},
      {"NOT ($body.t > 80 AND $body.yes)", {"*true $body.t > 80", "*true $body.yes"}},
      {"($body.t > 80 OR $body.x = 1) AND (NOT $body.yes)",
       {"true $body.t > 80", "undefined $body.x = 1", "*true $body.yes"}},
  };
  for (const auto& test : kCases)
    EXPECT_EQ(Predicates(ExplainWhere(test.where, kPress)), test.predicates) << test.where;
}

TEST(ExplainTest, QuotesAPredicateWithItsBrackets) {
  const char* kConditions[] = {
      "lower(concat($topic[0], 'x')) = 'plantx'",
      "(($body.t)) > (80)",
      "regex_match($body.n, '^(a|b)')",
      "{$contentType} = 'a)b'",
      "as_number(  $body.n ) > 1",
      "- ($body.t + 1) * 2 < 0",
      "length($body.n) = 3",
      "is_defined($body.deep.a)",
      "3 > ($body.t)",
  };
  for (const std::string condition : kConditions) {
    const ExplainedRule rule = ExplainWhere("true AND " + condition + "  OR false", kPress);
    ASSERT_EQ(rule.predicates.size(), 3u) << condition;
    // Brackets around the first or last operand alone may stay out; nothing else may.
    EXPECT_EQ(rule.predicates[1].text, condition);
    EXPECT_EQ(rule.condition.substr(rule.predicates[1].span.offset, rule.predicates[1].span.length),
              rule.predicates[1].text);
  }
}

TEST(ExplainTest, SaysWhyAValueIsUndefined) {
  compile::RuleSetSpec strict;
  strict.assume_json = false;
  const Message text("t", "text");
  const struct {
    const char* where;
    Message message;
    compile::RuleSetSpec spec;
    const char* reason;
  } kCases[] = {
      {"$body.x.y > 1", kPress, {}, "$body.x.y: the body has no such member"},
      {"app = 'x'", kPress, {}, "app: no such application property"},
      {"$messageId = 'x'", kPress, {}, "$messageId: no such system"},
      {"$topic[7] = 'x'", kPress, {}, "$topic[7]: the topic has no such level"},
      {"$twin.tags.site = 'x'", kPress, {}, "no twin of the sender is known"},
      {"$body.n > 1",
       kPress,
       {},
       "$body.n > 1: values of two types have no order ($body.n is 'abc')"},
      {"$body.n * 2 > 1", kPress, {}, "($body.n is 'abc')"},
      {"as_number($body.n) > 1", kPress, {}, "as_number($body.n): the text is no decimal number"},
      {"$body.t % 0 = 1", kPress, {}, "$body.t % 0: not a number"},
      {"$body.t", kPress, {}, "81.5 is no condition"},
      {"$body.deep", kPress, {}, "an object is no condition"},
      {"$body.t > 1", Message("t", R"({"t":1,"u")"), {}, "bad JSON at byte "},
      {"$body.t > 1", Message("t", "[1]"), {}, "the body is JSON, but no object"},
      {"$body.t > 1", text, strict, "declares no content type"},
      {"$body.t > 1",
       Message("t", "{}").Type("text/plain"),
       {},
       "content type 'text/plain' is not"},
      {"undefined", kPress, {}, "undefined: written as undefined"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.where);
    const ExplainedRule rule = ExplainWhere(test.where, test.message, test.spec);
    ASSERT_EQ(rule.predicates.size(), 1u) << test.where;
    EXPECT_EQ(rule.predicates[0].value, language::Truth::kUndefined) << test.where;
    EXPECT_THAT(rule.predicates[0].reason, HasSubstr(test.reason)) << test.where;
    EXPECT_THAT(rule.reason, HasSubstr(test.reason)) << test.where;
    EXPECT_FALSE(rule.matched());
  }
}

// What the judge makes of it is in judge_test.cc: the other predicates may decide alone.
TEST(ExplainTest, ABadBodyIsAnErrorOfRulesThatItLeavesOpen) {
  const Message bad("a/b", R"({"t":)");
  const struct {
    const char* where;
    Outcome outcome;
  } kCases[] = {
      {"$body.t > 1", Outcome::kBodyError},
      {"$body.t > 1 AND $topic = 'x'", Outcome::kNotMatched},
      {"$body.t > 1 OR $topic = 'a/b'", Outcome::kMatched},
      {"NOT ($body.t > 1 AND $topic = 'x')", Outcome::kMatched},
      {"NOT is_defined($body.t)", Outcome::kBodyError},
      {"$body.t > 1 AND app = 'x'", Outcome::kNotMatched},
      {"$topic = 'x'", Outcome::kNotMatched},
  };
  for (const auto& test : kCases)
    EXPECT_EQ(ExplainWhere(test.where, bad).outcome, test.outcome) << test.where;
}

TEST(ExplainTest, ShowsTheLevelAtFault) {
  const struct {
    const char* from;
    const char* topic;
    const char* reason;
    const char* at;
  } kCases[] = {
      {"plant/+/debug/#", "plant/l1/telemetry", "level 3 of the topic is 'telemetry', not 'debug'",
       "debug"},
      {"plant/{line}/t", "plant/l1", "the topic has 2 levels, not 3", "t"},
      {"plant/{line}", "plant/l1/t", "the topic has 3 levels, not 2", "{line}"},
      {"plant/+/#", "plant", "the topic has 1 level, not 2 or more", "+"},
      {"#", "$SYS/x", "a wildcard at the start takes no topic that begins with $", "#"},
  };
  for (const auto& test : kCases) {
    const ExplainedRule rule = Explained({Rule("r").From(test.from)}, Message(test.topic, "1"))[0];
    EXPECT_FALSE(rule.from_matches);
    EXPECT_EQ(rule.reason, test.reason) << test.from;
    EXPECT_EQ(rule.from.substr(rule.from_span.offset, rule.from_span.length), test.at);
    EXPECT_FALSE(rule.where.has_value());
  }
}

TEST(ExplainTest, SaysWhoEndedJudging) {
  const auto rules =
      Explained({Rule("a"), Rule("b").Drop(), Rule("c"), Rule("d").Final()}, Message("t", "1"));
  EXPECT_TRUE(rules[1].matched());
  EXPECT_EQ(rules[2].outcome, Outcome::kNotReached);
  EXPECT_EQ(rules[3].reason, "rule 'b' ended judging (drop)");
  EXPECT_EQ(Explained({Rule("f").Final(), Rule("g")}, Message("t", "1"))[1].reason,
            "rule 'f' ended judging (final)");
}

TEST(ExplainTest, ReadsRoutesAsTheyAreWritten) {
  const auto rules =
      Explained({Rule("r").Route("FROM /messages/* WHERE $body.t > 90 INTO $upstream"),
                 Rule("s").Route("FROM /messages/modules/m/outputs/o INTO $upstream"),
                 Rule("all").Route("FROM /* INTO $upstream")},
                kPress);
  EXPECT_THAT(Predicates(rules[0]), ElementsAre("*false $body.t > 90"));
  EXPECT_THAT(rules[1].reason, HasSubstr("takes no messages of devices"));
  EXPECT_TRUE(rules[2].matched());
}

TEST(ExplainTest, SaysWhatIsSetAndWhatIsLeftOut) {
  const auto rules = Explained(
      {Rule("r").Set("a", "text").Set("b", "$body.t").Set("c", "$body.x").Set("d", "$body.deep")},
      kPress);
  std::vector<std::string> values;
  for (const ExplainedValue& value : rules[0].set)
    values.push_back(value.value + " " + value.reason);
  EXPECT_THAT(values,
              ElementsAre("'text' ", "81.5 ", "undefined no such member; the property is left out",
                          HasSubstr("left out")));
}

TEST(PrintableTest, ForeignTextDoesNothingToATerminal) {
  EXPECT_EQ(Printable("Größe \xE2\x82\xAC"), "Größe \xE2\x82\xAC");
  EXPECT_EQ(Printable("\x1b[2J\r\n"), "\\x1b[2J\\x0d\\x0a");
  EXPECT_EQ(Printable("a\xff\xc3"), "a\\xff\\xc3");
  EXPECT_EQ(Printable("\xc2\x9b\xe2\x80\xae"), "\\xc2\\x9b\\xe2\\x80\\xae");
  EXPECT_EQ(ValueText(language::Value::String("it's")), "'it\\'s'");
  EXPECT_THAT(ValueText(language::Value::String(std::string(500, 'x'))), HasSubstr("(500 bytes)"));
}

}  // namespace
}  // namespace sluice::match
