// No finding is wrong: rules and messages made up with fixed seeds, and the plain judge has the
// last word.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "filters/analyze/exclusions.h"
#include "filters/analyze/rule_facts.h"
#include "filters/match/explain.h"
#include "filters/match/judge.h"
#include "tests/filters/match/generated_rules.h"

namespace sluice::analyze {
namespace {

using match::Choices;

// How often each was found, and judged: a generator that brings none about fails the test.
struct Seen {
  size_t never = 0;
  size_t always = 0;
  size_t hidden = 0;
  size_t exclusive = 0;
  size_t judged = 0;  // always true, on a message of the rule's topics
};

std::string Describe(const compile::RuleSetSpec& spec, size_t rule) {
  std::string text;
  for (size_t i = 0; i <= rule; ++i) {
    text += "\n" + spec.rules[i].name.text;
    if (spec.rules[i].from) text += " from " + spec.rules[i].from->text;
    if (spec.rules[i].where) text += " where " + spec.rules[i].where->text;
    if (spec.rules[i].route) text += " route " + spec.rules[i].route->text;
    text +=
        std::string(spec.rules[i].drop ? " drop" : "") + (spec.rules[i].final_rule ? " final" : "");
  }
  return text;
}

std::shared_ptr<const compile::Program> Compiled(const compile::RuleSetSpec& spec) {
  const compile::OutputSpec outputs[] = {{"hub", true, false}, {"log", false, false}};
  std::vector<compile::Problem> problems;
  auto program = compile::Compile(spec, outputs, &problems);
  EXPECT_NE(program, nullptr) << problems.front().message;
  return program;
}

// With drop and final rules taken for ordinary ones, so that every rule is judged.
void CheckConditions(compile::RuleSetSpec spec, Choices& choices, Seen* seen) {
  for (compile::RuleSpec& rule : spec.rules) rule.drop = rule.final_rule = false;
  const auto program = Compiled(spec);
  ASSERT_NE(program, nullptr);
  const std::vector<RuleFacts> facts = FactsOf(*program);
  const Exclusions exclusions(*program);
  const auto exclude = [&](size_t rule, size_t other) {
    return !facts[rule].never_matches && !facts[other].never_matches &&
           exclusions.Exclude(rule, other);
  };
  std::vector<std::pair<size_t, size_t>> exclusive;
  for (size_t rule = 0; rule < facts.size(); ++rule) {
    for (size_t other = 0; other < rule; ++other) {
      if (exclude(rule, other)) exclusive.emplace_back(rule, other);
    }
  }
  seen->exclusive += exclusive.size();
  match::Explainer explainer(program, spec);
  for (const RuleFacts& fact : facts) {
    seen->never += fact.never_matches;
    seen->always += fact.always_matches;
    EXPECT_FALSE(fact.hidden_by);
  }
  for (int i = 0; i < 60; ++i) {
    const match::GeneratedMessage message(choices);
    const std::vector<match::ExplainedRule> explained = explainer.Explain(message.view());
    for (const auto& [rule, other] : exclusive) {
      ASSERT_FALSE(explained[rule].matched() && explained[other].matched())
          << message.Describe() << Describe(spec, rule) << "\nis said to exclude rule " << other;
    }
    for (size_t rule = 0; rule < facts.size(); ++rule) {
      if (facts[rule].never_matches) {
        ASSERT_FALSE(explained[rule].matched())
            << message.Describe() << Describe(spec, rule) << "\nis said to match never";
      }
      if (!facts[rule].always_matches || !explained[rule].from_matches) continue;
      ++seen->judged;
      ASSERT_TRUE(explained[rule].matched())
          << message.Describe() << Describe(spec, rule) << "\nis said to match always";
    }
  }
}

void CheckHidden(const compile::RuleSetSpec& spec, Choices& choices, Seen* seen) {
  const auto program = Compiled(spec);
  ASSERT_NE(program, nullptr);
  const std::vector<RuleFacts> facts = FactsOf(*program);
  for (const RuleFacts& fact : facts) seen->hidden += fact.hidden_by.has_value();
  match::Judge judge(program, match::Judge::Method::kPlain);
  for (int i = 0; i < 60; ++i) {
    const match::GeneratedMessage message(choices);
    for (const uint16_t rule : judge.Run(message.view()).rules) {
      ASSERT_FALSE(facts[rule].hidden_by)
          << message.Describe() << Describe(spec, rule) << "\nis said to be hidden by rule "
          << *facts[rule].hidden_by;
    }
  }
}

// Conditions over three members and few values, so that they contradict and imply each other.
class NarrowConditions {
 public:
  explicit NarrowConditions(Choices& choices) : choices_(choices) {}

  std::string Condition(int depth) {
    switch (choices_.Below(depth > 2 ? 1 : 5)) {
      case 1:
        return "(" + Condition(depth + 1) + " OR " + Condition(depth + 1) + ")";
      case 2:
        return "(NOT (" + Condition(depth + 1) + "))";
      case 3:
      case 4:
        return "(" + Condition(depth + 1) + " AND " + Condition(depth + 1) + ")";
      default:
        return Atom();
    }
  }

 private:
  std::string Of(std::initializer_list<std::string_view> list) {
    return std::string(choices_.Of(list));
  }
  std::string Field() { return Of({"$body.a", "$body.a", "$body.b", "$twin.tags.t"}); }
  std::string Text() { return Of({"p", "$topic", "$topic[1]", "$topic[3]", "$device", "$body.a"}); }

  std::string Atom() {
    const std::string op = Of({" = ", " != ", " < ", " <= ", " > ", " >= "});
    switch (choices_.Below(8)) {
      case 0:
        return Of({"is_defined(", "is_null(", "is_string(", "is_number(", "is_bool(", "is_object(",
                   "is_array("}) +
               Field() + ")";
      case 1:
        return Of({"starts_with(", "ends_with(", "contains("}) + Text() + ", " +
               Of({"'x'", "'a/'", "'a/b'", "''"}) + ")";
      case 2:
        return Of({"length(", "as_number("}) + Text() + ")" + op + Of({"0", "1", "3"});
      case 3:
        return Of({"lower(", "upper("}) + Text() + ")" + op + Of({"'x'", "'X'", "'a/b/t'"});
      case 4:
        return Text() + op + Of({"'x'", "'b'", "'a/b/t'", "''"});
      case 5:
        return "(" + Field() + " ?? " + Of({"1", "'x'", "true", "$body.b"}) + ")" + op +
               Of({"1", "'x'", "true"});
      case 6:
        return Of({"$body.a + 1", "-($body.a)", "$body.a * $body.b", "abs($body.b)"}) + op +
               Of({"0", "1", "2"});
      default:
        return Field() + op + Of({"1", "1.5", "2", "1e999", "'x'", "'y'", "true", "null"});
    }
  }

  Choices& choices_;
};

compile::RuleSetSpec NarrowRules(Choices& choices, language::Profile profile) {
  compile::RuleSetSpec spec;
  spec.profile = profile;
  for (size_t i = 0; i < 12;) {
    compile::RuleSpec rule;
    const auto text = [](std::string what) {
      return compile::Located{std::move(what), 1, 1, true};
    };
    rule.name = text("r" + std::to_string(i));
    const std::string_view from = choices.Of({"", "a/#", "a/+/t", "a/b/t", "+/b/t"});
    if (!from.empty()) rule.from = text(std::string(from));
    rule.where = text(NarrowConditions(choices).Condition(0));
    rule.drop = choices.OneIn(4);
    rule.final_rule = choices.OneIn(8);
    compile::RuleSetSpec alone;
    alone.profile = profile;
    alone.rules = {rule};
    const compile::OutputSpec outputs[] = {{"hub", true, false}};
    std::vector<compile::Problem> problems;
    if (compile::Compile(alone, outputs, &problems) == nullptr) continue;
    spec.rules.push_back(std::move(rule));
    ++i;
  }
  return spec;
}

class SoundnessTest : public testing::TestWithParam<language::Profile> {};

TEST_P(SoundnessTest, NoFindingIsWrong) {
  Seen seen;
  for (uint64_t seed = 0; seed < 240 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Choices choices(seed);
    const bool narrow = seed % 4 != 0;
    const compile::RuleSetSpec spec = narrow
                                          ? NarrowRules(choices, GetParam())
                                          : match::RuleGenerator(choices, GetParam()).RuleSet(20);
    CheckConditions(spec, choices, &seen);
    CheckHidden(spec, choices, &seen);
  }
  EXPECT_GT(seen.never, 100U);
  EXPECT_GT(seen.always, 20U);
  EXPECT_GT(seen.hidden, 20U);
  EXPECT_GT(seen.exclusive, 500U);
  EXPECT_GT(seen.judged, 500U);
  RecordProperty("exclusive", static_cast<int>(seen.exclusive));
  RecordProperty("never", static_cast<int>(seen.never));
  RecordProperty("always", static_cast<int>(seen.always));
  RecordProperty("hidden", static_cast<int>(seen.hidden));
}

INSTANTIATE_TEST_SUITE_P(Profiles, SoundnessTest,
                         testing::Values(language::Profile::kDefault, language::Profile::kEdgeHub),
                         [](const auto& one) {
                           return one.param == language::Profile::kDefault ? "Default" : "EdgeHub";
                         });

}  // namespace
}  // namespace sluice::analyze
