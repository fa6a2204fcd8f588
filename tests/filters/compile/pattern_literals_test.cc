#include "filters/compile/pattern_literals.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::compile {
namespace {

// The needles of each alternative, anchors and (?i) written as in a pattern; ! where one needle is
// all of it, % where the pattern suits a set.
std::string Describe(const PatternLiterals& literals) {
  std::string text;
  for (const auto& alternative : literals.alternatives) {
    if (!text.empty()) text += " | ";
    if (alternative.is_exact) text += "!";
    for (const Needle& needle : alternative.needles) {
      if (&needle != &alternative.needles.front()) text += " & ";
      text += (needle.any_case ? "(?i)" : "") + std::string(needle.at_start ? "^" : "") +
              needle.text + (needle.at_end ? "$" : "");
      if (needle.next.is_empty()) continue;
      text += '<';
      for (int c = 0; c < 128; ++c) {
        if (needle.next.Has(static_cast<char>(c))) text += static_cast<char>(c);
      }
      text += '>';
    }
  }
  return text + (literals.suits_set ? "%" : "");
}

TEST(AnalysePatternTest, FindsWhatEveryMatchMustHave) {
  const struct {
    std::string pattern;
    std::string literals;
  } kCases[] = {
      {"abc", "!abc"},
      {"^abc", "!^abc%"},
      {"abc$", "!abc$"},
      {"^abc$", "!^abc$%"},
      {"^line-[0-9]+/unit$", "^line-<0123456789> & /unit$%"},
      {"ab?c", "a & c"},
      {"ab*", "a"},
      {"ab+c", "ab & c"},
      {"ab{0,3}c", "a & c"},
      {"ab{2}c", "ab & c"},
      {"a{,2}", "!a{,2}"},  // no repetition in RE2
      {"x\\.y", "!x.y"},
      {"é?a", "a"},  // a character may have several bytes
      {"[ab]cd", "cd"},
      {"[]c]d", "d"},
      {"[[:alpha:]]d", "d"},
      {"(ab)c", "c"},
      {"a(b[)]c)d", "a & d"},
      {"abc|def", "!abc | !def"},
      {"^a|b$", "!^a | !b$"},
      {"^a.*b", "^a & b"},  // no part of a set: .* and something behind it
      {"^a.*", "^a%"},
      {"^a.*$", "^a%"},
      {"^a(x|y)+b", "^a & b"},
      {"^[a-z]+[0-9]", "%"},
      // What stands behind a needle is told where that is simple.
      {"a[x-z]*b", "a<bxyz> & b"},
      {"a[x]?c*?d", "a<cdx> & d"},
      {"a[xy]{2}", "a<xy>"},
      {"a[xy]{0,2}", "a"},
      {"a[xy]*", "a"},
      {"a[^x]", "a"},
      {"a\\d+", "a<0123456789>"},
      {"ab?[x]", "a"},
      {"(?i)a[x]", "(?i)a"},
      {"(?i)^Line-7", "!(?i)^line-7%"},
      {"(?i)task", "(?i)ta"},  // the Kelvin sign is a k, the long s an s
      // Nothing is known:
      {"", ""},
      {"a|", ""},
      {"[0-9]+", ""},
      {"(?s)abc", ""},
      {"a(?i)b", ""},
      {"\\Qa+b\\E", ""},
      {"\\x61bc", ""},
      {"ab\\b", ""},
      {"a^b", ""},
      {"^*ab", ""},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Describe(AnalysePattern(c.pattern)), c.literals) << c.pattern;
  }
}

}  // namespace
}  // namespace sluice::compile
