#include "filters/analyze/analyze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filters/compile/compiler.h"

namespace sluice::analyze {
namespace {

using compile::Located;
using compile::Problem;
using compile::RuleSpec;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Located At(std::string text, uint32_t line = 1, uint32_t column = 1) {
  return {std::move(text), line, column, true};
}

RuleSpec Named(std::string name, std::string from = "") {
  RuleSpec rule;
  rule.name = At(std::move(name), 3, 5);
  if (!from.empty()) rule.from = At(std::move(from));
  return rule;
}

RuleSpec Where(std::string where, std::string from = "") {
  RuleSpec rule = Named("r", std::move(from));
  rule.where = At(std::move(where), 7, 1);
  return rule;
}

class AnalyzeTest : public testing::Test {
 protected:
  AnalyzeTest() { outputs_ = {{"hub", true, true}, {"log", false, false}}; }

  // "COLUMN+LENGTH message (hint)" of each warning.
  std::vector<std::string> Warnings(std::vector<RuleSpec> rules) {
    spec_.rules = std::move(rules);
    problems_.clear();
    const auto program = compile::Compile(spec_, outputs_, &problems_);
    if (program == nullptr) {
      ADD_FAILURE() << problems_.front().message;
      return {};
    }
    Analyze(spec_, outputs_, *program, &problems_);
    std::vector<std::string> all;
    for (const Problem& problem : problems_) {
      EXPECT_EQ(problem.severity, Problem::Severity::kWarning);
      all.push_back(std::to_string(problem.column) + "+" + std::to_string(problem.length) + " " +
                    problem.message + (problem.hint.empty() ? "" : " (" + problem.hint + ")"));
    }
    return all;
  }
  std::string Of(RuleSpec rule) {
    std::string all;
    for (const std::string& warning : Warnings({std::move(rule)}))
      all += (all.empty() ? "" : "\n") + warning;
    return all;
  }

  compile::RuleSetSpec spec_;
  std::vector<compile::OutputSpec> outputs_;
  std::vector<Problem> problems_;
};

TEST_F(AnalyzeTest, SaysWhyAConditionIsNeverTrue) {
  struct {
    const char* where;
    const char* warning;
  } const kCases[] = {
      {"a = 'x' AND a = 'y'", "13+7 never matches: a = 'y' cannot be true where a = 'x' is"},
      {"$body.t > 80 AND $body.t < 10",
       "18+12 never matches: $body.t < 10 cannot be true where $body.t > 80 is"},
      {"$body.t > 80 AND ($body.u = 1 OR $body.v = 2) AND 80 >= $body.t",
       "51+13 never matches: 80 >= $body.t cannot be true where $body.t > 80 is"},
      {"IS_NUMBER($body.x) AND $body.x = 'a'",
       "24+13 never matches: $body.x = 'a' cannot be true where IS_NUMBER($body.x) is"},
      {"NOT IS_DEFINED($body.x) AND $body.x != 1",
       "29+12 never matches: $body.x != 1 cannot be true where NOT IS_DEFINED($body.x) is"},
      {"$body.x = 1 AND NOT ($body.x = 1)",
       "17+17 never matches: NOT ($body.x = 1) cannot be true where $body.x = 1 is"},
      {"$body.x > 5 AND (LENGTH($body.x) > 2)",
       "18+19 never matches: LENGTH($body.x) > 2 cannot be true where $body.x > 5 is"},
      {"p = 'a' AND (p = 'b' OR p = 'c')",
       "14+18 never matches: p = 'b' OR p = 'c' cannot be true where p = 'a' is"},
      {"($body.a = 1 OR $body.a = 2) AND ($body.a < 2 OR p = 'x') AND $body.a != 1 AND p = 'y'",
       "1+86 never matches: its parts cannot be true together"},
      {"STARTS_WITH(p, 'ab') AND STARTS_WITH(p, 'ac')",
       "26+20 never matches: STARTS_WITH(p, 'ac') cannot be true where STARTS_WITH(p, 'ab') is"},
      {"p = 'abc' AND REGEX_MATCH(p, '^x')",
       "15+20 never matches: REGEX_MATCH(p, '^x') cannot be true where p = 'abc' is"},
      {"LOWER(p) = 'Alarm'",
       "1+18 never matches: LOWER(p) = 'Alarm' is never true (what lower gives has no capitals)"},
      {"1 = 2", "1+5 never matches: 1 = 2 is always false"},
      {"ABS($body.x) < 0", "1+16 never matches: ABS($body.x) < 0 is never true"},
      {"$body.x > null", "1+14 never matches: $body.x > null is never true"},
      {"null AND p = 'x'", "1+16 never matches: null AND p = 'x' is always undefined"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Of(Where(c.where)), c.warning) << c.where;
}

TEST_F(AnalyzeTest, KnowsTheTopicsOfARule) {
  EXPECT_EQ(
      Of(Where("$topic[2] = 'x'", "a/{line}")),
      "1+15 never matches: $topic[2] is never defined: the topics of this rule have 2 levels, "
      "and the first is [0]");
  EXPECT_EQ(Of(Where("NOT IS_DEFINED($topic[2]) OR p = 'x'", "a/+")),
            "1+36 always true: the condition leaves nothing out (leave `where` out if that is "
            "meant)\n16+9 $topic[2] is never defined: the topics of this rule have 2 levels, and "
            "the first is [0]");
  EXPECT_EQ(Of(Where("$topic[0] = 'b'", "a/+")),
            "1+15 never matches: $topic[0] = 'b' is always false");
  EXPECT_EQ(Of(Where("STARTS_WITH($topic, 'a/c')", "a/b/+")),
            "1+26 never matches: STARTS_WITH($topic, 'a/c') is always false");
  for (const char* const where :
       {"$topic[1] = 'b'", "$topic[5] = 'x'", "STARTS_WITH($topic, 'a/b')", "$topic = 'a'"})
    EXPECT_EQ(Of(Where(where, "a/#")), "") << where;
}

TEST_F(AnalyzeTest, SaysWhatIsAlwaysTrueOrNeverCounts) {
  struct {
    const char* where;
    const char* warning;
  } const kCases[] = {
      {"1 = 1",
       "1+5 always true: the condition leaves nothing out (leave `where` out if that is meant)"},
      {"IS_DEFINED(p) OR NOT IS_DEFINED(p)",
       "1+34 always true: the condition leaves nothing out (leave `where` out if that is meant)"},
      {"LENGTH($topic) >= 0 AND p = 'x'",
       "1+19 LENGTH($topic) >= 0 is always true: it leaves nothing out"},
      {"p = 'x' OR 1 > 2", "12+5 this alternative never counts: 1 > 2 is always false"},
      {"$body.t > 80 AND ($body.t < 10 OR p = 'x')",
       "19+12 this alternative never counts: $body.t < 10 cannot be true where the rest of the "
       "condition is"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Of(Where(c.where)), c.warning) << c.where;
}

TEST_F(AnalyzeTest, SaysNothingOfWhatMayBe) {
  for (const char* const where :
       {"true", "a = 'x'", "a != 'x' AND a != 'y'", "$body.t > 80 AND $body.t <= 90",
        "$body.t >= 5 AND $body.t <= 5", "$body.a = 1 OR $body.a = 2", "IS_NUMBER($body.x)",
        "NOT IS_NUMBER($body.x) AND $body.x > 5",  // infinity
        "$body.a < $body.b AND $body.b < $body.a", "LOWER(p) = 'alarm'", "$body.x = null",
        "$body.x = 'a' AND $body.y = 1", "NOT (p = 'x' AND p = 'y' AND q = 'z')",
        // true or false whenever it is defined, which a bad body leaves open
        "IS_DEFINED($body.x) OR NOT IS_DEFINED($body.x)"}) {
    EXPECT_EQ(Of(Where(where)), "") << where;
  }
}

TEST_F(AnalyzeTest, LeavesToTheLanguageWhatItSaysBetter) {
  for (const char* const where : {"", "undefined", "'x'"})
    EXPECT_THAT(Warnings({Where(where)}), ElementsAre(HasSubstr("never matches"))) << where;
  EXPECT_THAT(Warnings({Where("false")}), ElementsAre(HasSubstr("false is always false")));
}

TEST_F(AnalyzeTest, PointsIntoRoutes) {
  RuleSpec rule = Named("edge");
  rule.route = At("FROM /messages/* WHERE a = 'x' AND a = 'y' INTO $upstream", 3, 14);
  EXPECT_EQ(Of(rule), "49+7 never matches: a = 'y' cannot be true where a = 'x' is");
  rule.route = At("FROM /messages/modules/m/* INTO $upstream", 3, 14);
  EXPECT_THAT(Of(rule), HasSubstr("never matches: no device's messages have this source"));
}

TEST_F(AnalyzeTest, TellsOfHiddenRules) {
  struct {
    RuleSpec earlier;
    RuleSpec later;
    bool hidden;
  } const kCases[] = {
      {Named("e", "a/#"), Named("l", "a/+/c"), true},
      {Named("e", "a/#"), Named("l"), false},
      {Where("p = 'x'", "a/#"), Named("l", "a/b"), false},
      {Where("p = 'x'", "a/#"), Where("q = 'y' AND p = 'x'", "a/b"), true},
      {Where("p = 'x'", "a/b"), Where("q = 'y' AND p = 'x'", "a/#"), false},
      {Where("$body.t > 80"), Where("$body.t > 90"), true},
      {Where("$body.t > 90"), Where("$body.t > 80"), false},
      {Where("$body.t >= 80"), Where("$body.t > 80 AND $body.u = 'C'"), true},
      {Where("$body.t > 80 OR p = 'x'"), Where("p = 'x'"), false},  // with a bad body
      {Where("$body.t > 80 OR q = 'x'"), Where("$body.t = 81"), true},
      {Where("IS_NUMBER($body.t)"), Where("$body.t = 1"), true},
      {Where("$topic[1] = 'b'"), Named("l", "a/b/+"), true},
  };
  for (const auto& c : kCases) {
    for (const bool drop : {true, false}) {
      RuleSpec earlier = c.earlier, later = c.later;
      earlier.name.text = "earlier";
      later.name.text = "later";
      earlier.drop = drop;
      earlier.final_rule = !drop;
      EXPECT_THAT(Warnings({earlier, later}),
                  c.hidden ? testing::Matcher<std::vector<std::string>>(ElementsAre(
                                 HasSubstr("never reached: rule 'earlier' (line 3) takes ")))
                           : IsEmpty())
          << (c.earlier.where ? c.earlier.where->text : "") << " | "
          << (c.later.where ? c.later.where->text : "");
    }
  }
}

TEST_F(AnalyzeTest, TellsOfValuesThatAreNeverSet) {
  RuleSpec rule = Where("NOT IS_DEFINED(p)", "a/+");
  rule.set = {{At("n"), At("$topic[2]", 1, 30)}, {At("m"), At("$topic[1]")}};
  EXPECT_THAT(Warnings({rule}),
              ElementsAre(HasSubstr("30+9 'n' is never set: $topic[2] is never defined")));
}

TEST_F(AnalyzeTest, TellsOfChangesThatNeverCome) {
  RuleSpec rule = Named("r", "a/+");
  rule.on_change = compile::OnChangeSpec();
  rule.on_change->of = At("$topic[2]", 1, 30);
  EXPECT_THAT(Warnings({rule}),
              ElementsAre(HasSubstr("30+9 on_change holds every message: $topic[2]")));
  rule.on_change->of = At("$body.t");
  EXPECT_THAT(Warnings({rule}), IsEmpty());
}

TEST_F(AnalyzeTest, TellsOfCostlyPatterns) {
  struct {
    const char* pattern;
    const char* warning;  // empty: none
  } const kCases[] = {
      {"fan|pump", ""},
      {".*fan", "only costs time"},
      {"fan.*", "only costs time"},
      {"^.*fan$", ""},
      {"fan[.]*", ""},
      {".{0,300}fan", "costly pattern"},
      {"e.{12}n", "costly pattern: 12 characters"},
      {"[ab].{14,}n", "costly pattern: 14 characters"},
      {"e.{11}n", ""},
      {"^e.{12}n", ""},
      {"e.{0,12}n", ""},
      {".{12}n", ""},
      {"[e.{12}]n", ""},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(Of(Where("REGEX_MATCH(p, '" + std::string(c.pattern) + "')")),
                *c.warning == 0 ? testing::Matcher<std::string>(IsEmpty()) : HasSubstr(c.warning))
        << c.pattern;
  }
  EXPECT_THAT(Of(Where("REGEX_MATCH(p, 'fan\\\\.*')")), IsEmpty());
}

TEST_F(AnalyzeTest, TellsOfMessagesBilledTwice) {
  RuleSpec whole = Named("whole", "a/+");
  RuleSpec part = Named("part", "a/b");
  part.select = {At("x", 9, 20)};
  EXPECT_THAT(Warnings({whole, part}),
              ElementsAre(HasSubstr("20+1 a message that rule 'whole' takes, too")));
  RuleSpec elsewhere = part;
  elsewhere.from = At("b/b");  // no topic in common
  EXPECT_THAT(Warnings({whole, elsewhere}), IsEmpty());
  part.into = {At("log")};  // no output in common
  EXPECT_THAT(Warnings({whole, part}), IsEmpty());
}

TEST_F(AnalyzeTest, RulesThatExcludeEachOtherBillNothingTwice) {
  const auto shapes = [&](std::string first, std::string second) {
    RuleSpec plain = Where(std::move(first)), cut = Where(std::move(second));
    plain.name = At("plain");
    cut.name = At("cut");
    cut.select = {At("a")};
    return Warnings({plain, cut}).size();
  };
  EXPECT_EQ(shapes("$body.kind = 'a'", "$body.kind = 'b'"), 0U);
  EXPECT_EQ(shapes("$body.t > 80 AND $body.u = 1", "$body.t <= 80"), 0U);
  EXPECT_EQ(shapes("$topic[0] = 'x'", "$topic[0] = 'y' OR $topic[0] = 'z'"), 0U);
  EXPECT_EQ(shapes("$body.kind = 'a'", "NOT ($body.kind = 'b')"), 1U);
  EXPECT_EQ(shapes("$body.t > 80", "$body.t <= 81"), 1U);
  EXPECT_EQ(shapes("$body.t > 80", "$body.u <= 80"), 1U);
}

TEST_F(AnalyzeTest, TellsOfPropertiesThatBreakPacks) {
  RuleSpec rule = Named("r");
  rule.set = {{At("t"), At("$body.temperature", 5, 9)}};
  EXPECT_THAT(Warnings({rule}), ElementsAre(HasSubstr("9+17 't' differs from message to message")));
  rule.into = {At("log")};
  EXPECT_THAT(Warnings({rule}), IsEmpty());
}

}  // namespace
}  // namespace sluice::analyze
