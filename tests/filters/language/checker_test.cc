#include "filters/language/checker.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/filters/language/judging.h"

namespace sluice::language {
namespace {

std::string Compiled(std::string_view query, Profile profile = kDefault) {
  FieldPaths paths;
  Diagnostics diagnostics;
  const std::optional<Expression> condition = TryCompile(query, profile, &paths, &diagnostics);
  return condition ? Dump(condition->tree()) : "error";
}

std::optional<StaticType> TypeOf(std::string_view query, Profile profile = kDefault) {
  FieldPaths paths;
  Diagnostics diagnostics;
  const std::optional<Expression> condition = TryCompile(query, profile, &paths, &diagnostics);
  return condition ? std::optional(condition->type()) : std::nullopt;
}

// Section 3, the table of static types.
TEST(CheckerTest, KnowsStaticTypes) {
  const struct {
    std::string_view query;
    StaticType type;
  } kCases[] = {
      {"level", StaticType::kString},
      {"$messageId", StaticType::kString},
      {"{$messageId}", StaticType::kString},
      {"$body.a", StaticType::kDynamic},
      {"$twin.tags.a", StaticType::kDynamic},
      {"1 < 2", StaticType::kBool},
      {"NOT true", StaticType::kBool},
      {"true AND false", StaticType::kBool},
      {"true OR false", StaticType::kBool},
      {"null AND true", StaticType::kNull},
      {"null OR true", StaticType::kBool},
      {"null OR null", StaticType::kNull},
      {"is_null(level)", StaticType::kBool},
      {"contains('a', 'b')", StaticType::kBool},
      {"1 + $body.a", StaticType::kNumber},
      {"- $body.a", StaticType::kNumber},
      {"length('a')", StaticType::kNumber},
      {"index_of('a', 'b')", StaticType::kNumber},
      {"as_number(level)", StaticType::kNumber},
      {"sqrt(2)", StaticType::kNumber},
      {"concat('a', level)", StaticType::kString},
      {"lower(level)", StaticType::kString},
      {"upper(level)", StaticType::kString},
      {"substring(level, 1)", StaticType::kString},
      {"'a' || level", StaticType::kString},
      {"level ?? 'x'", StaticType::kString},
      {"$body.a ?? 'x'", StaticType::kDynamic},
      {"undefined", StaticType::kUndefined},
      {"e5", StaticType::kUndefined},
      {"null", StaticType::kNull},
      {"$topic", StaticType::kString},
      {"$topic[0]", StaticType::kString},
      {"$device", StaticType::kString},
      {"$now", StaticType::kNumber},
      {"regex_match(level, 'a')", StaticType::kBool},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.query);
    EXPECT_EQ(TypeOf(c.query), c.type);
  }
}

// Section 3, what is rejected, and the operands of section 2.
TEST(CheckerTest, RejectsWhatCanNeverFit) {
  for (std::string_view query : {
           // a property against a number, a boolean or null
           "count = 12",
           "12 = count",
           "count > 1",
           "flag = true",
           "x <> null",
           "null = x",
           "$messageId = 1",
           // two literals of different types
           "1 = 'a'",
           "true = 1",
           "'a' < null",
           "true != null",
           "1 = undefined",
           "undefined = 1",
           "$body.a = undefined",
           "level = undefined",
           // arithmetic on strings, booleans, null, undefined
           "'a' + 'b'",
           "level + 1",
           "1 - level",
           "'a' * 2",
           "2 / 'a'",
           "level % 2",
           "true + 1",
           "1 - null",
           "1 * undefined",
           "undefined + 1",
           "undefined / undefined",
           "- level",
           "- 'a'",
           "- true",
           "- (undefined)",
           // || of anything but strings
           "'a' || 1",
           "1 || 'a'",
           "'a' || null",
           "'a' || undefined",
           "undefined || 'a'",
           "true || 'a'",
           // AND, OR, NOT of strings and numbers
           "level AND true",
           "true AND level",
           "level OR true",
           "1 AND true",
           "true OR 'a'",
           "NOT level",
           "NOT 'a'",
           "NOT ''",
           "NOT 1",
           "NOT undefined",
           "not level = 'alert'",
           // ?? of two types
           "level ?? 1",
           "1 ?? level",
           "level ?? null",
           "level ?? true",
           "as_number(a) ?? b",
           "undefined ?? 'x'",
           "level ?? 'x' = 'y'",
           // functions: unknown, arity, argument types
           "nosuch(1)",
           "abs()",
           "abs(1, 2)",
           "abs(count)",
           "abs('a')",
           "abs(true)",
           "abs(null)",
           "abs(undefined)",
           "power(1)",
           "power(1, 2, 3)",
           "power(count, 2)",
           "as_number()",
           "as_number(true)",
           "as_number(null)",
           "as_number(undefined)",
           "concat('a')",
           "concat()",
           "concat('a', 1)",
           "concat('a', null)",
           "concat('a', undefined)",
           "length(5)",
           "length(null)",
           "lower(true)",
           "upper(1)",
           "substring('a')",
           "substring('a', 'b')",
           "substring('a', 1, 'b')",
           "substring('a', 1, 2, 3)",
           "substring(1, 1)",
           "index_of('a')",
           "index_of('a', 1)",
           "starts_with(1, 'a')",
           "ends_with('a', null)",
           "contains('a', true)",
           "is_null()",
           "is_bool(1, 2)",
           "is_defined()",
           "regex_match(level)",
           "regex_match(level, level)",
           "regex_match(1, 'a')",
           "regex_match(level, '(')",
           "twin_change_includes(tags.a)",
           // what other languages have
           "a == 'x'",
           "a && b",
           "x IN ('a')",
           "x LIKE 'a'",
           // names
           "$body.",
           "$body..a",
           "$body.a.",
           "$body.a[]",
           "$body.a[0:1]",
           "$body.a['b']",
           "$body.a[-1]",
           "$body.a[0][1]",
           "$body.a[0]b",
           "$body.1",
           "$body.a.2.b",
           "$body.*",
           "$twin.",
           "$topic.nosuch",
           "$topic[]",
           "$topic[x]",
           "$topic.",
       }) {
    EXPECT_EQ(Compiled(query), "error") << query;
  }
}

// "A dynamic operand passes every static check."
TEST(CheckerTest, LetsDynamicOperandsPass) {
  for (std::string_view query : {"$body.a = 1",
                                 "$body.a = 'x'",
                                 "$body.a = true",
                                 "$body.a = null",
                                 "$body.a = level",
                                 "$body.a = $body.b",
                                 "$body.a + $body.b",
                                 "- $body.a",
                                 "$body.a % 2",
                                 "$body.a || 'x'",
                                 "$body.a AND true",
                                 "true OR $body.a",
                                 "NOT $body.a",
                                 "abs($body.a)",
                                 "length($body.a)",
                                 "as_number($body.a)",
                                 "substring($body.a, $body.b)",
                                 "$body.a ?? 1",
                                 "level ?? $body.a",
                                 "regex_match($body.a, 'x')",
                                 "concat($twin.tags.a, $body.b)"}) {
    EXPECT_NE(Compiled(query), "error") << query;
  }
}

TEST(CheckerTest, HintsAtWhatWasMeant) {
  const struct {
    std::string_view query;
    size_t offset;
    std::string_view hint;
  } kCases[] = {
      {"count = 12", 6, "AS_NUMBER(count)"},
      {"12 < count", 3, "AS_NUMBER(count)"},
      {"flag = true", 5, "flag = 'true'"},
      {"x <> null", 2, "NOT IS_DEFINED(x)"},
      {"NOT a = 'b'", 0, "NOT (a = …)"},
      {"NOT $body.a = 5", 12, "NOT (a = b)"},
      {"count + 1", 6, "AS_NUMBER(count)"},
      {"'a' + 'b'", 4, "CONCAT"},
      {"abs(count)", 4, "AS_NUMBER(count)"},
      {"flag AND true", 0, "flag = 'true'"},
      {"starts_wth(a, 'b')", 0, "starts_with"},
      {"$topic.lin = 'x'", 0, "$topic.line"},
      {"$topic.nothing = 'x'", 0, "{nothing}"},
      {"$body.a..b = 1", 8, "$body.name"},
      {"!(a = 'b')", 0, "NOT"},
      {"1 = undefined", 2, "IS_DEFINED"},
      {"a ?? 'b' = 'c'", 2, "parentheses"},
      {"true || false", 5, "OR"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.query);
    FieldPaths paths;
    Diagnostics diagnostics;
    EXPECT_FALSE(TryCompile(c.query, kDefault, &paths, &diagnostics));
    ASSERT_FALSE(diagnostics.empty());
    EXPECT_EQ(diagnostics[0].offset, c.offset);
    EXPECT_NE(diagnostics[0].hint.find(c.hint), std::string::npos) << diagnostics[0].hint;
  }
}

TEST(CheckerTest, ReportsEveryMistakeOnce) {
  FieldPaths paths;
  Diagnostics diagnostics;
  EXPECT_FALSE(
      TryCompile("count = 12 AND abs(level) = 1 AND nosuch(1)", kDefault, &paths, &diagnostics));
  EXPECT_EQ(diagnostics.size(), 3u);
}

TEST(CheckerTest, WarnsOfConditionsThatNeverMatch) {
  for (std::string_view query : {"", "3", "'text'", "level", "undefined", "e5", "$nosuch = 'x'",
                                 "$body = 1", "$body[0] = 1", "$twin = 1", "$twin.properties.x = 1",
                                 "0xFFFFFFFFFFFFFFFF = 1", "is_defined(0x1FFFFFFFFFFFFFFFF)"}) {
    SCOPED_TRACE(testing::Message() << query);
    FieldPaths paths;
    Diagnostics diagnostics;
    EXPECT_TRUE(TryCompile(query, kDefault, &paths, &diagnostics));
    EXPECT_FALSE(diagnostics.empty());
    EXPECT_FALSE(HasErrors(diagnostics));
  }
}

TEST(CheckerTest, BindsNames) {
  EXPECT_EQ(Compiled("level = 'a' AND $body.x > 1 AND $body.x < 5"),
            "(and (= (property level) \"a\") (> (body $body.x) 1) (< (body $body.x) 5))");
  EXPECT_EQ(Compiled("$messageId = 'a'"), "(= (system-or-property $messageId) \"a\")");
  EXPECT_EQ(Compiled("$messageId = 'a'", kEdgeHub), "(= (property-or-system $messageId) \"a\")");
  EXPECT_EQ(Compiled("{$messageId} = 'a'"), "(= (system $messageId) \"a\")");
  EXPECT_EQ(Compiled("$body.x = 1", kEdgeHub), "(= (property-or-body $body.x) 1)");
  EXPECT_EQ(Compiled("$body.x[0] = 1", kEdgeHub), "(= (body $body.x[0]) 1)");
  EXPECT_EQ(Compiled("NOT ABS(-1) >= 0x10 + 1e1"), "error");
  EXPECT_EQ(Compiled("NOT (ABS(-1) >= 0x10 + 1e1)"), "(not (>= (abs -1) (+ 16 10)))");
}

TEST(CheckerTest, SharesSlotsBetweenConditions) {
  FieldPaths paths;
  Diagnostics diagnostics;
  const auto first =
      TryCompile("$body.a.b = 1 AND $BODY.a.b[2] = 1", kDefault, &paths, &diagnostics);
  const auto second = TryCompile("$body.a.b = 2", kDefault, &paths, &diagnostics);
  ASSERT_TRUE(first && second);
  ASSERT_EQ(paths.body.size(), 2u);
  EXPECT_EQ(paths.body.text(0), "a.b");
  EXPECT_EQ(paths.body.text(1), "a.b[2]");
  EXPECT_TRUE(first->reads_body());
  EXPECT_FALSE(first->reads_properties());
}

TEST(CheckerTest, TellsWhatIsRead) {
  const auto reads = [](std::string_view query) {
    FieldPaths paths;
    Diagnostics diagnostics;
    const auto e = TryCompile(query, kDefault, &paths, &diagnostics);
    std::string text;
    if (e->reads_body()) text += "b";
    if (e->reads_twin()) text += "t";
    if (e->reads_properties()) text += "p";
    if (e->reads_topic()) text += "T";
    if (e->reads_device()) text += "d";
    if (e->reads_now()) text += "n";
    if (e->is_static_of_topic_and_device()) text += "!";
    return text;
  };
  EXPECT_EQ(reads("$body.a = 1"), "b");
  EXPECT_EQ(reads("$twin.tags.a = 1"), "t");
  EXPECT_EQ(reads("a = '1' OR $messageId = 'x'"), "p");
  EXPECT_EQ(reads("$topic = 'x' AND $topic[0] = 'x'"), "T!");
  EXPECT_EQ(reads("$device = $topic.unit"), "Td!");
  EXPECT_EQ(reads("$now > 5"), "n");
  EXPECT_EQ(reads("true"), "!");
}

}  // namespace
}  // namespace sluice::language
