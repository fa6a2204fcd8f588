// sluice explain over messages as fleets send them and as nobody should: every line is answered, no
// undefined value is without its reason, and the verdict is the one that sluice filter gives.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/gateway/commands/captured.h"

namespace sluice::commands {
namespace {

using nlohmann::json;

const std::string kData = SLUICE_TEST_DATA;

// Without what filter would send: bodies may hold numbers that this parser refuses.
std::vector<json> Lines(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const size_t messages = line.find(",\"messages\":[");
    lines.push_back(json::parse(line.substr(0, messages) + (messages == line.npos ? "" : "}")));
  }
  return lines;
}

// What has happened in all lines: rules that no longer bring it about fail the test.
struct Seen {
  size_t matched = 0;
  size_t undefined = 0;
  std::map<std::string, size_t> reasons;  // by their beginning
};

void CheckUndefined(const json& value, Seen* seen) {
  if (value.at("value") != "undefined") return;
  ++seen->undefined;
  ASSERT_TRUE(value.at("reason").is_string()) << value;
  const auto reason = value.at("reason").get<std::string>();
  ASSERT_FALSE(reason.empty()) << value;
  for (const char* const known :
       {"bad JSON at byte", "no such member", "is no condition", "content type",
        "no such application property", "no twin", "a type that does not fit", "no such level",
        "not a plain value", "not a number", "no decimal number", "outside the text",
        "nested deeper", "no object", "no such system", "takes this text for a date",
        "never defined", "declares no content type"}) {
    if (reason.find(known) != std::string::npos) ++seen->reasons[known];
  }
}

void CheckRule(const json& rule, Seen* seen) {
  seen->matched += rule.at("matched").get<bool>();
  ASSERT_TRUE(rule.at("matched") || rule.at("reason").is_string()) << rule;
  if (rule.at("where").is_null()) return;
  ASSERT_FALSE(rule.at("predicates").empty()) << rule;
  bool decided = false;
  for (const json& predicate : rule.at("predicates")) {
    decided = decided || predicate.at("decided").get<bool>();
    CheckUndefined(predicate, seen);
    for (const json& operand : predicate.at("operands")) CheckUndefined(operand, seen);
  }
  for (const json& property : rule.at("set")) CheckUndefined(property, seen);
  ASSERT_TRUE(decided) << rule;
}

void CheckAgreement(const json& explained, const json& filtered) {
  ASSERT_EQ(explained.at("line"), filtered.at("line"));
  if (filtered.contains("error")) {
    ASSERT_EQ(explained, filtered);
    return;
  }
  ASSERT_EQ(explained.at("verdict"), filtered.at("verdict")) << explained;
  if (filtered.at("verdict") == "drop") {
    ASSERT_EQ(explained.at("reason"), filtered.at("reason"));
  }
  ASSERT_EQ(explained.at("outputs"), filtered.at("outputs")) << explained;
  json matched = json::array();
  for (const json& rule : explained.at("rules")) {
    if (rule.at("matched")) matched.push_back(rule.at("name"));
  }
  ASSERT_EQ(matched, filtered.at("rules")) << explained;
}

class ExplainCorpusTest : public testing::TestWithParam<const char*> {
 protected:
  // Explains and filters a file by a file of rules.
  void Check(const std::string& rules, Seen* seen) {
    const std::string messages = kData + "/corpus/" + GetParam();
    const Captured explained = Command({"explain", "--json", "-c", rules, "--message", messages});
    const Captured filtered = Command({"filter", "-c", rules, messages});
    ASSERT_EQ(explained.code, filtered.code) << explained.errors;
    const std::vector<json> explanations = Lines(explained.out);
    const std::vector<json> verdicts = Lines(filtered.out);
    ASSERT_EQ(explanations.size(), verdicts.size());
    ASSERT_GE(verdicts.size(), 140U);
    for (size_t i = 0; i < verdicts.size() && !HasFatalFailure(); ++i) {
      CheckAgreement(explanations[i], verdicts[i]);
      if (verdicts[i].contains("error")) continue;
      for (const json& rule : explanations[i].at("rules")) CheckRule(rule, seen);
    }
  }
};

TEST_P(ExplainCorpusTest, AnswersEveryLineAndAgreesWithFilter) {
  Seen seen;
  Check(kData + "/explain/rules.yaml", &seen);
  EXPECT_GT(seen.matched, 300U);
  EXPECT_GT(seen.undefined, 5000U);
  EXPECT_GE(seen.reasons.size(), 12U) << json(seen.reasons);
}

TEST_P(ExplainCorpusTest, AnswersInEdgeHubsDialect) {
  Seen seen;
  Check(kData + "/explain/edgehub.yaml", &seen);
  EXPECT_GT(seen.undefined, 500U);
}

TEST_P(ExplainCorpusTest, PrintsNoControlCharacterToPeople) {
  const Captured explained = Command({"explain", "-c", kData + "/explain/rules.yaml", "--message",
                                      kData + "/corpus/" + GetParam()});
  for (size_t i = 0; i < explained.out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(explained.out[i]);
    ASSERT_TRUE((byte >= 0x20 && byte != 0x7f) || byte == '\n') << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Corpora, ExplainCorpusTest,
                         testing::Values("fleet-shapes.jsonl", "hostile.jsonl"),
                         [](const auto& one) {
                           return std::string(one.param).starts_with("fleet") ? "Fleet" : "Hostile";
                         });

}  // namespace
}  // namespace sluice::commands
