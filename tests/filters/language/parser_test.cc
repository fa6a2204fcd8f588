#include "filters/language/parser.h"

#include <gtest/gtest.h>

#include <string>

#include "filters/language/expression.h"
#include "filters/language/parse_tree.h"

namespace sluice::language {
namespace {

std::string Shape(std::string_view text) {
  Diagnostics diagnostics;
  const std::optional<ParseTree> tree = Parse(text, &diagnostics);
  return tree ? ToText(*tree) : "error: " + diagnostics.back().message;
}

// Section 2, the table of precedence: each level against its neighbours, and from the left.
TEST(ParserTest, KnowsPrecedence) {
  const struct {
    std::string_view text;
    std::string_view shape;
  } kCases[] = {
      {"- a * b", "((- a) * b)"},
      {"- - a", "(- (- a))"},
      {"NOT - a", "(NOT (- a))"},
      {"NOT a = 'b'", "((NOT a) = 'b')"},
      {"NOT NOT a", "(NOT (NOT a))"},
      {"NOT a * b", "((NOT a) * b)"},
      {"a * NOT b", "(a * (NOT b))"},
      {"a + b * c", "(a + (b * c))"},
      {"a * b + c", "((a * b) + c)"},
      {"a / b / c", "((a / b) / c)"},
      {"a * b % c / d", "(((a * b) % c) / d)"},
      {"a - b - c", "((a - b) - c)"},
      {"a + b || c - d", "(((a + b) || c) - d)"},
      {"a < b + c", "(a < (b + c))"},
      {"a < b < c", "((a < b) < c)"},
      {"a <= b > c >= d", "(((a <= b) > c) >= d)"},
      {"a = b < c", "(a = (b < c))"},
      {"a < b = c", "((a < b) = c)"},
      {"a = b != c <> d", "(((a = b) != c) != d)"},
      {"a AND b = c", "(a AND (b = c))"},
      {"a OR b AND c", "(a OR (b AND c))"},
      {"a AND b OR c", "((a AND b) OR c)"},
      {"a ?? b OR c", "(a ?? (b OR c))"},
      {"a ?? b ?? c", "((a ?? b) ?? c)"},
      {"a = b ?? c", "((a = b) ?? c)"},
      {"a * (b + c)", "(a * (b + c))"},
      {"((a))", "a"},
      {"f()", "f()"},
      {"f(a, b + c)", "f(a, (b + c))"},
      {"{ $messageId }", "{$messageId}"},
      {"'it\\'s'", "'it\\'s'"},
      {"0x1F + -1.5e3", "(0x1F + -1.5e3)"},
      {"true = false", "(true = false)"},
      {"null ?? undefined", "(null ?? undefined)"},
      {"", ""},
      {" /* nothing */ ", ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.text);
    EXPECT_EQ(Shape(c.text), c.shape);
    EXPECT_EQ(Shape(c.shape), c.shape);
  }
}

TEST(ParserTest, JoinsChainsFromTheLeftAlone) {
  EXPECT_EQ(Shape("a AND b AND c"), "(a AND b AND c)");
  EXPECT_EQ(Shape("(a OR b) OR c"), "(a OR b OR c)");
  EXPECT_EQ(Shape("a OR (b OR c)"), "(a OR (b OR c))");
  EXPECT_EQ(Shape("a AND b OR c AND d OR e"), "((a AND b) OR (c AND d) OR e)");
}

struct Trap {
  std::string_view text;
  size_t offset;
  size_t length;
  std::string_view message;  // a part of it
  std::string_view hint;
};

void ExpectTrap(const Trap& trap) {
  SCOPED_TRACE(testing::Message() << trap.text);
  Diagnostics diagnostics;
  EXPECT_FALSE(Parse(trap.text, &diagnostics));
  ASSERT_FALSE(diagnostics.empty());
  const Diagnostic& error = diagnostics.back();
  EXPECT_EQ(error.severity, Diagnostic::Severity::kError);
  EXPECT_EQ(error.offset, trap.offset);
  EXPECT_EQ(error.length, trap.length);
  EXPECT_NE(error.message.find(trap.message), std::string::npos) << error.message;
  EXPECT_NE(error.hint.find(trap.hint), std::string::npos) << error.hint;
}

TEST(ParserTest, ExplainsTraps) {
  constexpr Trap kTraps[] = {
      {"level = 'a' AND", 15, 1, "not complete", ""},
      {"level = ", 8, 1, "not complete", ""},
      {"a == 1", 3, 1, "==", "single ="},
      {"a = 1 && b = 2", 6, 2, "operator is missing", "AND"},
      {"a = 1 & b = 2", 6, 1, "operator is missing", "AND"},
      {"a = 1 | b = 2", 6, 1, "operator is missing", "OR"},
      {"x IN ('a', 'b')", 2, 2, "IN", "OR"},
      {"x like 'a%'", 2, 4, "like", "STARTS_WITH"},
      {"x BETWEEN 1 AND 2", 2, 7, "BETWEEN", ">="},
      {"x IS NULL", 2, 2, "IS", "IS_NULL"},
      {"a -5 = 3", 2, 2, "operator is missing", "blank"},
      {"a = 1 -- why", 6, 2, "operator is missing", "/*"},
      {"level = 'alert' rubbish", 16, 7, "operator is missing", ""},
      {"level = 'alert')", 15, 1, "no parenthesis is open", ""},
      {"(level = 'alert'", 0, 1, "never closed", ""},
      {"f(a, b", 1, 1, "never closed", ""},
      {"f(a b)", 4, 1, "operator is missing", ""},
      {"f(,)", 2, 1, "cannot begin a value", ""},
      {"()", 1, 1, "nothing stands", ""},
      {"level = 'alert' ???", 18, 1, "means nothing", ""},
      {"a = 'open", 4, 5, "never ends", "quote"},
      {"a = 'bad \\n escape'", 4, 5, "never ends", "\\u"},
      {"from = 'x'", 0, 4, "reserved", "property"},
      {"a = into", 4, 4, "reserved", ""},
      {"a[0] = 1", 0, 4, "bracket", "$body"},
      {"a = [1, 2]", 4, 2, "no array literals", "OR"},
      {"{level} = 'a'", 1, 5, "braces hold", "$messageId"},
      {"{$a = 'a'", 0, 1, "never closed", ""},
      {"a = 1;", 5, 1, "means nothing", ""},
      {"* 3", 0, 1, "cannot begin a value", ""},
  };
  for (const Trap& trap : kTraps) ExpectTrap(trap);
}

TEST(ParserTest, WarnsOfGluedOperators) {
  for (std::string_view text : {"a!='x'", "3-4 = 1", "2*3 = 6", "'a'||'b' = 'ab'", "a+'b' = 'x'",
                                "a-5 = 'x'", "$body.a+$body.b = 1", "a%2 = 'x'"}) {
    SCOPED_TRACE(testing::Message() << text);
    Diagnostics diagnostics;
    EXPECT_TRUE(Parse(text, &diagnostics));
    ASSERT_EQ(diagnostics.size(), 1u);
    EXPECT_EQ(diagnostics[0].severity, Diagnostic::Severity::kWarning);
    EXPECT_EQ(diagnostics[0].offset, 0u);
  }
  for (std::string_view text :
       {"a != 'x'", "$dt-dataschema = 'x'", "temp-outside = 'x'", "a.b#c = 'x'", "wow! = 'x'"}) {
    SCOPED_TRACE(testing::Message() << text);
    Diagnostics diagnostics;
    EXPECT_TRUE(Parse(text, &diagnostics));
    EXPECT_TRUE(diagnostics.empty());
  }
}

TEST(ParserTest, BoundsDepthAndLength) {
  const auto repeat = [](std::string_view piece, size_t times) {
    std::string text;
    for (size_t i = 0; i < times; ++i) text += piece;
    return text;
  };
  Diagnostics diagnostics;
  EXPECT_TRUE(Parse(repeat("(", 900) + "a" + repeat(")", 900), &diagnostics));
  EXPECT_FALSE(Parse(repeat("(", 1100) + "a" + repeat(")", 1100), &diagnostics));
  EXPECT_TRUE(Parse(repeat("NOT ", kMaxExpressionDepth - 1) + "a", &diagnostics));
  EXPECT_FALSE(Parse(repeat("NOT ", kMaxExpressionDepth) + "a", &diagnostics));
  EXPECT_FALSE(Parse("1" + repeat(" + 1", kMaxExpressionDepth), &diagnostics));
  EXPECT_TRUE(Parse("a = 'x'" + repeat(" OR a = 'x'", 5000), &diagnostics));  // chains are flat
  EXPECT_FALSE(Parse(repeat(" ", kMaxExpressionBytes + 1), &diagnostics));
  EXPECT_FALSE(Parse(repeat("(", kMaxExpressionBytes), &diagnostics));
}

TEST(ParserTest, RefusesWhatIsNoUtf8) {
  Diagnostics diagnostics;
  EXPECT_FALSE(Parse("a = '\xC3'", &diagnostics));
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].offset, 5u);
}

}  // namespace
}  // namespace sluice::language
