// Three-valued logic, null, comparison (azure/routing-query.md sections 4 and 5).
#include <gtest/gtest.h>

#include <string>

#include "tests/filters/language/judging.h"

namespace sluice::language {
namespace {

// T, F and U in three guises each: words, properties, members of the body.
struct Guise {
  std::string_view name;
  std::string_view values[3];
};
constexpr Guise kWords = {"words", {"true", "false", "undefined"}};
constexpr Guise kProperties = {"properties", {"level = 'a'", "level = 'b'", "ghost = 'a'"}};
constexpr Guise kMembers = {"members", {"$body.t", "$body.f", "$body.ghost"}};

TestMessage Message() {
  TestMessage message;
  message.properties = {{"level", "a"}, {"bare", "", true}};
  message.body = R"({"t":true,"f":false,"n":null,"one":1,"text":"x","o":{"x":1},"a":[1]})";
  return message;
}

void ExpectTable(std::string_view op, const Guise& left, const Guise& right,
                 std::string_view expected) {
  TestMessage message = Message();
  for (size_t l = 0; l < 3; ++l) {
    for (size_t r = 0; r < 3; ++r) {
      std::string query("(");
      query.append(left.values[l])
          .append(") ")
          .append(op)
          .append(" (")
          .append(right.values[r])
          .append(")");
      const char wanted = expected[l * 3 + r];
      EXPECT_EQ(Judge(query, message), wanted == 'T'   ? "true"
                                       : wanted == 'F' ? "false"
                                                       : "undefined")
          << query;
    }
  }
}

TEST(LogicTest, AndAndOrFollowTheirTables) {
  for (const Guise& left : {kWords, kProperties, kMembers}) {
    for (const Guise& right : {kWords, kProperties, kMembers}) {
      ExpectTable("AND", left, right, "TFUFFFUFU");
      ExpectTable("OR", left, right, "TTTTFUTUU");
    }
  }
}

TEST(LogicTest, NotFollowsItsTable) {
  TestMessage message = Message();
  EXPECT_EQ(Judge("NOT (level = 'a')", message), "false");
  EXPECT_EQ(Judge("NOT (level = 'b')", message), "true");
  EXPECT_EQ(Judge("NOT (ghost = 'a')", message), "undefined");
  EXPECT_EQ(Judge("NOT $body.t", message), "false");
  EXPECT_EQ(Judge("NOT $body.f", message), "true");
  EXPECT_EQ(Judge("NOT $body.ghost", message), "undefined");
  EXPECT_EQ(Judge("NOT $body.n", message), "undefined");
  EXPECT_EQ(Judge("NOT $body.one", message), "undefined");
}

TEST(LogicTest, ChainsAreJudgedAsPairs) {
  TestMessage message = Message();
  EXPECT_EQ(Judge("ghost = 'a' AND ghost = 'b' AND false", message), "false");
  EXPECT_EQ(Judge("ghost = 'a' OR false OR true", message), "true");
  EXPECT_EQ(Judge("true AND true AND ghost = 'a' AND true", message), "undefined");
  EXPECT_EQ(Judge("false OR ghost = 'a' OR false", message), "undefined");
  EXPECT_EQ(Judge("true AND true AND true", message), "true");
  EXPECT_EQ(Judge("false OR false OR false", message), "false");
}

// "Every comparison with undefined is undefined", arithmetic, functions.
TEST(LogicTest, UndefinedSpreads) {
  TestMessage message = Message();
  for (std::string_view op : {"=", "!=", "<>", "<", "<=", ">", ">="}) {
    const std::string o(op);
    EXPECT_EQ(Judge("ghost " + o + " 'x'", message), "undefined") << op;
    EXPECT_EQ(Judge("'x' " + o + " ghost", message), "undefined") << op;
    EXPECT_EQ(Judge("$body.ghost " + o + " 1", message), "undefined") << op;
    EXPECT_EQ(Judge("$body.ghost " + o + " null", message), "undefined") << op;
    EXPECT_EQ(Judge("NOT ($body.ghost " + o + " 1)", message), "undefined") << op;
    EXPECT_EQ(Judge("undefined " + o + " undefined", message), "undefined") << op;
  }
  for (std::string_view op : {"+", "-", "*", "/", "%"}) {
    const std::string o(op);
    EXPECT_EQ(Judge("is_defined($body.ghost " + o + " 1)", message), "false") << op;
    EXPECT_EQ(Judge("is_defined(1 " + o + " as_number(ghost))", message), "false") << op;
    EXPECT_EQ(Judge("is_defined($body.text " + o + " 1)", message), "false") << op;
  }
  EXPECT_EQ(Judge("is_defined(0 / 0)", message), "false");
  EXPECT_EQ(Judge("is_defined(1 % 0)", message), "false");
  EXPECT_EQ(Judge("1 / 0 > 1e300", message), "true");
  EXPECT_EQ(Judge("-1 / 0 < -1e300", message), "true");
  EXPECT_EQ(Judge("is_defined(1 / 0 - 1 / 0)", message), "false");
  EXPECT_EQ(Judge("is_defined(- $body.ghost)", message), "false");
  EXPECT_EQ(Judge("is_defined(ghost || 'x')", message), "false");
}

TEST(LogicTest, CoalesceTakesTheFirstDefined) {
  TestMessage message = Message();
  EXPECT_EQ(Judge("(ghost ?? 'x') = 'x'", message), "true");
  EXPECT_EQ(Judge("(level ?? 'x') = 'a'", message), "true");
  EXPECT_EQ(Judge("(ghost ?? ghost ?? 'x') = 'x'", message), "true");
  EXPECT_EQ(Judge("(ghost ?? ghost) = 'x'", message), "undefined");
  EXPECT_EQ(Judge("($body.ghost ?? 7) = 7", message), "true");
  EXPECT_EQ(Judge("($body.n ?? 7) = null", message), "true");
  EXPECT_EQ(Judge("($body.o ?? 7) = 7", message), "true");
  EXPECT_EQ(Judge("(1 % 0 ?? 12.5) = 12.5", message), "true");
  EXPECT_EQ(Judge("ghost = 'x' ?? true", message), "true");
  EXPECT_EQ(Judge("undefined ?? undefined", message), "undefined");
  EXPECT_EQ(Judge("is_defined(bare ?? 'x')", message), "true");
}

TEST(LogicTest, LiteralNull) {
  for (std::string_view query :
       {"null = null", "NOT null", "null <= null", "null >= null", "(null AND true) = null",
        "(false AND null) = null", "null OR true", "true OR null", "(null OR null) = null",
        "is_null(null)", "is_defined(null)"}) {
    EXPECT_EQ(Judge(query), "true") << query;
  }
  for (std::string_view query : {"null", "null AND true", "null AND null", "null OR false",
                                 "null OR null", "null != null", "null < null", "null > null"}) {
    EXPECT_EQ(Judge(query), "false") << query;
  }
  EXPECT_EQ(Judge("null OR undefined"), "undefined");
  EXPECT_EQ(Judge("null OR ghost = 'x'"), "undefined");
}

TEST(LogicTest, PropertyWithoutValue) {
  TestMessage message = Message();
  EXPECT_EQ(Judge("is_defined(bare)", message), "true");
  EXPECT_EQ(Judge("is_null(bare)", message), "true");
  EXPECT_EQ(Judge("is_string(bare)", message), "false");
  EXPECT_EQ(Judge("is_bool(bare)", message), "false");
  EXPECT_EQ(Judge("is_number(bare)", message), "false");
  for (std::string_view op : {"=", "!=", "<>", "<", "<=", ">", ">="}) {
    EXPECT_EQ(Judge("bare " + std::string(op) + " ''", message), "undefined") << op;
  }
  EXPECT_EQ(Judge("concat('a', bare, 'd') = 'ad'", message), "true");
  EXPECT_EQ(Judge("'a' || bare || 'd' = 'ad'", message), "true");
  EXPECT_EQ(Judge("is_defined(length(bare))", message), "false");
  EXPECT_EQ(Judge("is_defined(as_number(bare))", message), "false");
  EXPECT_EQ(Judge("bare", message), "undefined");
}

TEST(LogicTest, OnlyBooleansAreConditions) {
  TestMessage message = Message();
  for (std::string_view query :
       {"3", "'text'", "level", "undefined", "$body.one", "$body.text", "$body.o", "$body.a",
        "$body.n", "$body.ghost", "", "  ", "/* x */"}) {
    EXPECT_EQ(Judge(query, message), "undefined") << query;
  }
  EXPECT_EQ(Judge("$body.t", message), "true");
  EXPECT_EQ(Judge("$body.f", message), "false");
}

// Section 5.
TEST(CompareTest, StringsByUtf16Unit) {
  for (std::string_view query :
       {"'a' < 'b'", "'B' < 'a'", "'a' < 'aa'", "'' < 'a'", "'a' != 'A'", "'a ' != 'a'",
        "'10' < '9'", "'z' < 'é'",
        // U+FF5E is one unit, U+1F600 begins with the unit D83D: it comes first, though its code
        // point is higher
        "'😀' < '～'", "'～' > '😀'", "'a😀' < 'a～'", "'😀' < '😁'", "'中' < '～'",
        "'\\uFFFF' > '\\uD83D\\uDE00'", "'a' <= 'a'", "'a' >= 'a'", "'' = ''"}) {
    EXPECT_EQ(Judge(query), "true") << query;
  }
}

TEST(CompareTest, NumbersAsDoubles) {
  for (std::string_view query :
       {"1 = 1.0", "0.1 + 0.2 != 0.3", "9007199254740993 = 9007199254740992", "-0.0 = 0",
        "1e400 = 1 / 0", "0x1F = 31", "0xff = 255", "0X10 = 16", "1e3 = 1000", ".5 = 0.5",
        "0xFFFFFFFFFFFFFFFF = -1", "0x7FFFFFFFFFFFFFFF > 9e18", "1e-400 = 0", "7 % 4 = 3",
        "-7 % 4 = -3", "7.5 % 2 = 1.5", "10 - 2 - 3 = 5", "-(3 + 4) = -7", "- 3 = -3"}) {
    EXPECT_EQ(Judge(query), "true") << query;
  }
}

TEST(CompareTest, BooleansFalseFirst) {
  for (std::string_view query :
       {"false < true", "true > false", "true >= true", "true = true", "true != false"}) {
    EXPECT_EQ(Judge(query), "true") << query;
  }
}

TEST(CompareTest, DynamicOperands) {
  TestMessage message;
  message.body = R"({"n":50,"s":"50","t":true,"z":null,"o":{},"a":[]})";
  message.properties = {{"fifty", "50"}};
  const struct {
    std::string_view query;
    std::string_view value;
  } kCases[] = {
      {"$body.n = 50", "true"},           {"$body.n >= 50.0", "true"},
      {"$body.s = '50'", "true"},         {"$body.s = fifty", "true"},
      {"$body.n = '50'", "false"},        {"$body.n != '50'", "true"},
      {"$body.n <> fifty", "true"},       {"$body.s = 50", "false"},
      {"$body.t = true", "true"},         {"$body.t = 'true'", "false"},
      {"$body.t > false", "true"},        {"$body.z = null", "true"},
      {"$body.z != null", "false"},       {"$body.n != null", "true"},
      {"$body.n = null", "false"},        {"$body.z = 50", "false"},
      {"$body.n = $body.s", "false"},     {"$body.n = $body.n", "true"},
      {"$body.n < '60'", "undefined"},    {"$body.s > 1", "undefined"},
      {"$body.z <= 1", "undefined"},      {"$body.t >= 1", "undefined"},
      {"$body.z < $body.n", "undefined"}, {"$body.z <= null", "true"},
      {"$body.o = null", "undefined"},    {"$body.o != 1", "undefined"},
      {"$body.a = $body.a", "undefined"}, {"$body.a != 'x'", "undefined"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Judge(c.query, message), c.value) << c.query;
}

TEST(LogicTest, UndefinedSaysWhy) {
  TestMessage message = Message();
  message.system_properties = {{"messageId", "m"}};
  const struct {
    std::string_view query;
    Reason reason;
  } kCases[] = {
      {"undefined", Reason::kLiteral},
      {"ghost", Reason::kPropertyMissing},
      {"ghost = 'x'", Reason::kPropertyMissing},
      {"NOT (ghost = 'x')", Reason::kPropertyMissing},
      {"true AND ghost = 'x'", Reason::kPropertyMissing},
      {"$correlationId = 'x'", Reason::kPropertyMissing},
      {"$body.ghost > 1", Reason::kMemberMissing},
      {"$body.o > 1", Reason::kContainer},
      {"$body.text > 1", Reason::kTypesDiffer},
      {"$body.text + 1", Reason::kWrongType},
      {"abs($body.text)", Reason::kWrongType},
      {"abs($body.ghost)", Reason::kMemberMissing},
      {"$body", Reason::kNotSupported},
      {"$twin.tags.a", Reason::kTwinMissing},
      {"$topic[7]", Reason::kTopicLevelMissing},
      {"$topic.beyond = 'x'", Reason::kTopicLevelMissing},
      {"bare = 'x'", Reason::kNullProperty},
      {"0 / 0 > 1", Reason::kNotANumber},
      {"as_number('x') > 1", Reason::kConversionFailed},
      {"substring('abc', 4) = 'x'", Reason::kOutOfRange},
      {"regex_match($body.one, 'x')", Reason::kWrongType},
      {"regex_match(ghost, 'x')", Reason::kPropertyMissing},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(ReasonOf(c.query, message), c.reason)
        << c.query << ": " << ReasonText(ReasonOf(c.query, message));
  }
}

}  // namespace
}  // namespace sluice::language
