// The indexed judge against the plain one, on rules and messages made up with fixed seeds.
#include "tests/filters/match/opposition.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/filters/match/generated_rules.h"
#include "tests/filters/match/rules_fixture.h"

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

// Hundreds of rules that want one member between two bounds: long bands and short ones, within each
// other, of no width, open at an end.
std::string Band(Choices& choices) {
  const size_t from = choices.Below(100);
  const size_t to = from + (choices.OneIn(8) ? choices.Below(100) : choices.Below(4));
  return std::string("$body.a ") + std::string(choices.Of({">", ">="})) + " " +
         (choices.OneIn(40) ? "-1e999" : std::to_string(from)) + " AND $body.a " +
         std::string(choices.Of({"<", "<="})) + " " +
         (choices.OneIn(40) ? "1e999" : std::to_string(to) + (choices.OneIn(2) ? ".5" : ""));
}

size_t OpposeBands(uint64_t seed, language::Profile profile) {
  Choices choices(seed);
  compile::RuleSetSpec spec;
  spec.profile = profile;
  spec.assume_json = true;
  const size_t rules = 5 + choices.Below(800);
  for (size_t i = 0; i < rules; ++i)
    spec.rules.push_back(Rule("r" + std::to_string(i)).Where(Band(choices)).spec());
  const compile::OutputSpec outputs[] = {{"hub", true, false}};
  std::vector<compile::Problem> problems;
  const auto program = compile::Compile(spec, outputs, &problems);
  EXPECT_NE(program, nullptr) << problems.front().message;
  if (program == nullptr) return 0;
  Judge indexed(program);
  Judge plain(program, Judge::Method::kPlain);
  size_t matches = 0;
  for (int i = -4; i < 420; ++i) {
    std::string body = R"({"a":)" + std::to_string(i / 2.0) + "}";
    if (i == 0) body = R"({"a":"50"})";
    if (i == 1) body = R"({"a":true})";
    if (i == 2) body = R"({"a":-1e999})";
    if (i == 3) body = R"({"a":1e999})";
    if (i == 4) body = R"({"b":1})";
    const size_t size = body.size();
    body.append(language::kPayloadSlack, ' ');
    language::MessageView message;
    message.topic = "t";
    message.payload = std::string_view(body).substr(0, size);
    EXPECT_EQ(Disagreement(indexed, plain, message), "") << "seed " << seed << ", body " << body;
    matches += plain.Run(message).rules.size();
  }
  return matches;
}

TEST(OppositionTest, BothJudgesAgreeOnBands) {
  size_t matches = 0;
  for (uint64_t seed = 0; seed < 20; ++seed)
    matches += OpposeBands(
        seed, seed % 4 == 0 ? language::Profile::kEdgeHub : language::Profile::kDefault);
  EXPECT_GT(matches, 20'000U);
}

}  // namespace
}  // namespace sluice::match
