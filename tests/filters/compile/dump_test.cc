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
      // NOT is pushed down as far as that is exact; what it ends in is judged as it is written.
      {{": p != 'x' AND NOT ($body.a + 1 > 2 OR starts_with(q, 'z'))"},
       "from every topic\n"
       "  always\n"
       "    rule r0: p != 'x' AND $body.a + 1 <= 2 AND NOT (starts_with(q, 'z'))\n"},
      {{"t: $body.t > 3", "t: $body.t >= 1", "t: $body.t > 2", "t: $body.t > 5", "t: $body.t > 4"},
       "from t\n"
       "  always\n"
       "    $body.t above 1 2 3 4 5\n"
       "    rule r0: $body.t > 3\n"
       "    rule r1: $body.t >= 1\n"
       "    rule r2: $body.t > 2\n"
       "    rule r3: $body.t > 5\n"
       "    rule r4: $body.t > 4\n"},
      // The rarest equality leads to a rule.
      {{": p = 'a' AND q = 'b'", ": p = 'a' AND q = 'c'"},
       "from every topic\n"
       "  q = 'b'\n"
       "    rule r0: p = 'a'\n"
       "  q = 'c'\n"
       "    rule r1: p = 'a'\n"},
      {{": p = 'a' OR p = 'b' OR p = 'a'"},
       "from every topic\n  p = 'a'\n    rule r0\n  p = 'b'\n    rule r0\n"},
      {{": $body.on AND (p = 'a' OR NOT (q != 'b'))"},
       "from every topic\n"
       "  $body.on = true\n"
       "    rule r0: (p = 'a' OR NOT (q != 'b'))\n"},
      {{": x != 'y' AND (p = 'a' OR NOT (q != 'b'))"},
       "from every topic\n"
       "  p = 'a'\n"
       "    rule r0: x != 'y'\n"
       "  q = 'b'\n"
       "    rule r0: x != 'y'\n"},
      // One of the alternatives leads nowhere.
      {{": p = 'a' OR p = q"}, "from every topic\n  always\n    rule r0: (p = 'a' OR p = q)\n"},
      {{": starts_with(p, 'press-') AND q != 'a'"},
       "from every topic\n"
       "  p starts with 'press-' by 'pres'\n"
       "    rule r0: q != 'a'\n"},
      {{": REGEX_MATCH($topic, '^line-[0-9]+/press')"},
       "from every topic\n"
       "  $topic starts with 'line-' by 'line'\n"
       "    rule r0: (REGEX_MATCH($topic, '^line-[0-9]+/press'))\n"},
      {{": REGEX_MATCH(p, '(?i)error|WARN$')"},
       "from every topic\n"
       "  p contains 'error' in any case by 'erro'\n"
       "    rule r0\n"
       "  p ends with 'warn' in any case by 'warn'\n"
       "    rule r0\n"},
      {{": REGEX_MATCH(p, '^[a-z]+[0-9]$')"},
       "from every topic\n"
       "  p matches '^[a-z]+[0-9]$' in one set\n"
       "    rule r0: (REGEX_MATCH(p, '^[a-z]+[0-9]$'))\n"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.rules.empty() ? "" : c.rules[0]);
    EXPECT_EQ(DumpOf(c.rules), c.dump);
  }
}

}  // namespace
}  // namespace sluice::compile
