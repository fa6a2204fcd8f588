#include "filters/compile/dump.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filters/compile/compiler.h"

namespace sluice::compile {
namespace {

Located Text(std::string text) { return {std::move(text), 1, 1, true}; }

// Of rules "FROM: WHERE", either of which may be empty. They are called r0, r1 …
std::string DumpOf(const std::vector<std::string>& rules) {
  RuleSetSpec spec;
  for (const std::string& written : rules) {
    RuleSpec rule;
    rule.name = Text("r" + std::to_string(spec.rules.size()));
    const size_t colon = written.find(": ");
    if (colon > 0) rule.from = Text(written.substr(0, colon));
    if (colon + 2 < written.size()) rule.where = Text(written.substr(colon + 2));
    spec.rules.push_back(std::move(rule));
  }
  const OutputSpec outputs[] = {{"hub", true, false}};
  std::vector<Problem> problems;
  const auto program = Compile(spec, outputs, &problems);
  if (program == nullptr) return problems.front().message;
  return Dump(*program);
}

TEST(DumpTest, SaysByWhatRulesAreReachedAndWhatIsLeft) {
  const struct {
    std::vector<std::string> rules;
    std::string dump;
  } kCases[] = {
      {{}, ""},
      {{": "}, "from every topic\n  always\n    rule r0\n"},
      {{"a/{x}/#: "}, "from a/+/#\n  always\n    rule r0\n"},
      {{": $body.s = 'it\\'s' AND $body.t > 8e1"},
       "from every topic\n"
       "  $body.s = 'it\\'s'\n"
       "    rule r0: $body.t > 80\n"},
      {{": p != 'x' AND NOT ($body.a + 1 > 2 OR starts_with(q, 'z'))"},
       "from every topic\n"
       "  always\n"
       "    rule r0: p != 'x' AND (NOT ($body.a + 1 > 2 OR starts_with(q, 'z')))\n"},
      {{"t: $body.t > 3", "t: $body.t >= 1", "t: $body.t > 2", "t: $body.t > 5", "t: $body.t > 4"},
       "from t\n"
       "  always\n"
       "    $body.t above 1 2 3 4 5\n"
       "    rule r1: $body.t >= 1\n"
       "    rule r2: $body.t > 2\n"
       "    rule r0: $body.t > 3\n"
       "    rule r4: $body.t > 4\n"
       "    rule r3: $body.t > 5\n"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.rules.empty() ? "" : c.rules[0]);
    EXPECT_EQ(DumpOf(c.rules), c.dump);
  }
}

}  // namespace
}  // namespace sluice::compile
