#include "filters/language/lexer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::language {
namespace {

using K = TokenKind;

struct Expected {
  TokenKind kind;
  std::string_view text;
};

void ExpectTokens(std::string_view text, const std::vector<Expected>& expected) {
  SCOPED_TRACE(testing::Message() << text);
  const std::vector<Token> tokens = Tokenize(text);
  ASSERT_EQ(tokens.size(), expected.size() + 1);
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(tokens[i].kind, expected[i].kind) << "token " << i << ": " << tokens[i].text;
    EXPECT_EQ(tokens[i].text, expected[i].text);
    EXPECT_EQ(text.substr(tokens[i].offset, tokens[i].text.size()), tokens[i].text);
  }
  EXPECT_EQ(tokens.back().kind, K::kEnd);
  EXPECT_EQ(tokens.back().offset, text.size());
}

// Section 1, the table of tokens, row by row.
TEST(LexerTest, KnowsEveryToken) {
  const struct {
    std::string_view text;
    TokenKind kind;
  } kCases[] = {
      {"SELECT", K::kSelect},
      {"From", K::kFrom},
      {"wHeRe", K::kWhere},
      {"into", K::kInto},
      {"and", K::kAnd},
      {"OR", K::kOr},
      {"nOt", K::kNot},
      {"''", K::kString},
      {"'a b'", K::kString},
      {"\"it's\"", K::kString},
      {"'it\\'s'", K::kString},
      {"'\\\"\\\\\\u00e9'", K::kString},
      {"'two\nlines'", K::kString},
      {"'open", K::kUnterminatedString},
      {"\"", K::kUnterminatedString},
      {"0", K::kInteger},
      {"-12", K::kInteger},
      {"007", K::kInteger},
      {"0x1F", K::kHex},
      {"0XaB", K::kHex},
      {"1.5", K::kReal},
      {"-.5", K::kReal},
      {".5e-3", K::kReal},
      {"1E+10", K::kReal},
      {"1e3", K::kReal},
      {"e5", K::kReal},
      {"E10", K::kReal},
      {"-e5", K::kReal},
      {"true", K::kTrue},
      {"false", K::kFalse},
      {"null", K::kNull},
      {"undefined", K::kUndefined},
      {"(", K::kOpenParen},
      {")", K::kCloseParen},
      {",", K::kComma},
      {"+", K::kPlus},
      {"-", K::kMinus},
      {"*", K::kStar},
      {"/", K::kSlash},
      {"%", K::kPercent},
      {"=", K::kEqual},
      {"!=", K::kNotEqual},
      {"<>", K::kNotEqual},
      {"<=", K::kLessEqual},
      {">=", K::kGreaterEqual},
      {">", K::kGreater},
      {"<", K::kLess},
      {"||", K::kConcatenate},
      {"??", K::kCoalesce},
      {"{", K::kOpenBrace},
      {"}", K::kCloseBrace},
      {"$messageId", K::kSystem},
      {"$body.a[0].b-c", K::kSystem},
      {"name", K::kName},
      {"$", K::kName},
      {"a+b*c%d!e|f&g'h.i#j^k~l$m1", K::kName},
      {"TRUE", K::kName},
      {"Null", K::kName},
      {"UNDEFINED", K::kName},
      {"andy", K::kName},
      {"Zürich", K::kName},
      {"a[0]", K::kPath},
      {"?", K::kUnknown},
      {";", K::kUnknown},
      {":", K::kUnknown},
      {"@", K::kUnknown},
      {"\\", K::kUnknown},
  };
  for (const auto& c : kCases) ExpectTokens(c.text, {{c.kind, c.text}});
}

// Section 1, the table of traps: white space around operators matters.
TEST(LexerTest, TakesTheLongestMatch) {
  ExpectTokens("a!='x'", {{K::kName, "a!"}, {K::kEqual, "="}, {K::kString, "'x'"}});
  for (std::string_view name :
       {"a+b", "a-b", "2*3", "3-4", "'a'||'b'", "-undefined", "1.5.2", "5a", "-5a", "--"}) {
    ExpectTokens(name, {{K::kName, name}});
  }
  ExpectTokens("a='x'", {{K::kName, "a"}, {K::kEqual, "="}, {K::kString, "'x'"}});
  ExpectTokens("a<5", {{K::kName, "a"}, {K::kLess, "<"}, {K::kInteger, "5"}});
  ExpectTokens("a/b", {{K::kName, "a"}, {K::kSlash, "/"}, {K::kName, "b"}});
  ExpectTokens(
      "-as_number(x)",
      {{K::kName, "-as_number"}, {K::kOpenParen, "("}, {K::kName, "x"}, {K::kCloseParen, ")"}});
  ExpectTokens("-(x)",
               {{K::kMinus, "-"}, {K::kOpenParen, "("}, {K::kName, "x"}, {K::kCloseParen, ")"}});
  ExpectTokens("- 3", {{K::kMinus, "-"}, {K::kInteger, "3"}});
  ExpectTokens("3 -4", {{K::kInteger, "3"}, {K::kInteger, "-4"}});
  ExpectTokens("\"a\"b", {{K::kString, "\"a\""}, {K::kName, "b"}});
  ExpectTokens("1e", {{K::kName, "1e"}});
  ExpectTokens("0x", {{K::kName, "0x"}});
  ExpectTokens("'a\\q'", {{K::kUnterminatedString, "'a"},
                          {K::kUnknown, "\\"},
                          {K::kName, "q'"}});  // a bad escape ends it
  ExpectTokens("???", {{K::kCoalesce, "??"}, {K::kUnknown, "?"}});
  ExpectTokens("'x'[", {{K::kPath, "'x'["}});
}

TEST(LexerTest, SkipsBlanksAndComments) {
  ExpectTokens(" \t\r\n a /* b */ = /**/ 'c' ",
               {{K::kName, "a"}, {K::kEqual, "="}, {K::kString, "'c'"}});
  ExpectTokens("a/*b*/c", {{K::kName, "a"}, {K::kName, "c"}});
  ExpectTokens("/* a /* b */ c", {{K::kName, "c"}});  // comments do not nest
  ExpectTokens("/* open", {{K::kSlash, "/"}, {K::kStar, "*"}, {K::kName, "open"}});
  ExpectTokens("a\fb", {{K::kName, "a\fb"}});  // a form feed is no white space
}

TEST(LexerTest, UnescapesStrings) {
  const struct {
    std::string_view text;
    std::string_view means;
  } kCases[] = {
      {"'it\\'s'", "it's"},    {"\"it's\"", "it's"},      {"'a\\\\b'", "a\\b"}, {"'\\\"'", "\""},
      {"'a\\u005cb'", "a\\b"}, {"'\\u005cn'", "\\n"},  // an escaped backslash escapes nothing
      {"'\\u00E9'", "é"},      {"'\\uD83D\\uDE00'", "😀"}, {"'\\u4e2d'", "中"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.text);
    Diagnostics diagnostics;
    std::string out;
    const std::vector<Token> tokens = Tokenize(c.text);
    ASSERT_EQ(tokens[0].kind, K::kString);
    EXPECT_TRUE(UnescapeString(tokens[0], &out, &diagnostics));
    EXPECT_EQ(out, c.means);
  }
}

TEST(LexerTest, RefusesHalfASurrogatePair) {
  for (std::string_view text : {"'a\\uD83D'", "'a\\uDE00'", "'a\\uD83D\\u0041'", "'a\\uD83Dx'"}) {
    SCOPED_TRACE(testing::Message() << text);
    Diagnostics diagnostics;
    std::string out;
    EXPECT_FALSE(UnescapeString(Tokenize(text)[0], &out, &diagnostics));
    ASSERT_EQ(diagnostics.size(), 1u);
    EXPECT_EQ(diagnostics[0].offset, 2u);
  }
}

TEST(LexerTest, TakesManyOpenCommentsInLinearTime) {
  std::string text;
  while (text.size() < 60'000) text += "/* ";
  EXPECT_EQ(Tokenize(text).size(), 40'001u);
}

}  // namespace
}  // namespace sluice::language
