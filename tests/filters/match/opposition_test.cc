// The indexed judge against the plain one, on rules and messages made up with fixed seeds.
#include "tests/filters/match/opposition.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/filters/match/generated_rules.h"

namespace sluice::match {
namespace {

std::string Describe(const compile::RuleSetSpec& spec) {
  std::string text;
  for (const compile::RuleSpec& rule : spec.rules) {
    text += rule.name.text;
    if (rule.from) text += " from " + rule.from->text;
    if (rule.where) text += " where " + rule.where->text;
    if (rule.route) text += " route " + rule.route->text;
    text += std::string(rule.drop ? " drop" : "") + (rule.final_rule ? " final" : "") + "\n";
  }
  return text;
}

// How often things happened that the comparison is about: a generator that no longer brings them
// about fails the test.
struct Seen {
  size_t messages = 0;
  size_t matches = 0;
  size_t errors = 0;
  size_t unread = 0;
};

void Oppose(uint64_t seed, language::Profile profile, Seen* seen) {
  Choices choices(seed);
  const compile::RuleSetSpec spec =
      RuleGenerator(choices, profile).RuleSet(1 + choices.Below(seed % 10 == 0 ? 200 : 30));
  const compile::OutputSpec outputs[] = {{"hub", true, false}, {"log", false, false}};
  std::vector<compile::Problem> problems;
  const auto program = compile::Compile(spec, outputs, &problems);
  ASSERT_NE(program, nullptr) << problems.front().message << "\n" << Describe(spec);
  Judge indexed(program);
  Judge plain(program, Judge::Method::kPlain);
  for (int i = 0; i < 40; ++i) {
    const GeneratedMessage message(choices);
    const std::string difference = Disagreement(indexed, plain, message.view());
    ASSERT_EQ(difference, "") << "seed " << seed << ", " << message.Describe() << "\n"
                              << Describe(spec);
    const Verdict& verdict = plain.Run(message.view());
    ++seen->messages;
    seen->matches += verdict.rules.size();
    seen->errors += verdict.errors.size();
    seen->unread += plain.body_state() == language::BodyReader::State::kUnread;
  }
}

void OpposeAll(language::Profile profile) {
  Seen seen;
  for (uint64_t seed = 0; seed < 400 && !testing::Test::HasFatalFailure(); ++seed)
    Oppose(seed, profile, &seen);
  EXPECT_GT(seen.matches, seen.messages / 2);
  EXPECT_GT(seen.errors, seen.messages / 60);
  EXPECT_GT(seen.unread, seen.messages / 50);
}

TEST(OppositionTest, BothJudgesAgree) { OpposeAll(language::Profile::kDefault); }
TEST(OppositionTest, BothJudgesAgreeInEdgeHubsDialect) { OpposeAll(language::Profile::kEdgeHub); }

}  // namespace
}  // namespace sluice::match
