// Where edgeHub differs from the documentation: every row of azure/routing-query.md section 12, in
// both dialects.
#include <gtest/gtest.h>

#include "tests/filters/language/judging.h"

namespace sluice::language {
namespace {

TEST(DivergenceTest, EveryRow) {
  const struct {
    int row;
    std::string_view query;
    std::string_view in_default;
    std::string_view in_edgehub;
  } kCases[] = {
      {1, "$body.ghost > 5", "undefined", "true"},
      {1, "$body.ghost < 5", "undefined", "false"},
      {1, "$body.ghost != 'x'", "undefined", "true"},
      {1, "$body.ghost = null", "undefined", "true"},
      {1, "$body.list[9] = 30", "undefined", "false"},
      {1, "$body.n.deeper != 'x'", "undefined", "true"},
      {1, "$body.ghost", "undefined", "undefined"},
      {1, "$body.ghost + 1 > 0", "undefined", "undefined"},
      {1, "($body.ghost ?? 5) = 5", "true", "false"},
      {2, "is_defined($body.ghost)", "false", "true"},
      {2, "is_defined($body.n)", "true", "true"},
      {2, "is_defined($body.o)", "false", "false"},
      {2, "is_defined($body.at)", "true", "false"},
      {3, "is_null($body.ghost)", "false", "false"},
      {3, "is_null($body.null)", "true", "true"},
      {3, "is_null($body.n)", "false", "true"},
      {3, "is_null($body.o)", "false", "undefined"},
      {3, "is_bool($body.o)", "false", "undefined"},
      {3, "is_bool($body.ghost)", "false", "false"},
      {3, "is_null(ghost)", "false", "false"},
      {4, "level = 'a' AND $body.yes", "true", "error"},
      {4, "level = 'a' OR $body.yes", "true", "error"},
      {4, "level = 'a' AND level = 'a' AND $body.yes", "true", "error"},
      {4, "$body.yes AND level = 'a'", "true", "true"},
      {4, "$body.yes AND $body.yes", "true", "true"},
      {4, "$body.yes AND $body.yes AND $body.yes", "true", "error"},
      {4, "level = 'a' AND ($body.yes AND level = 'a')", "true", "true"},
      {4, "level = 'a' AND $body.yes = true", "true", "true"},
      {4, "$body.yes AND level", "error", "undefined"},
      {5, "$body.ghost OR level = 'a'", "true", "undefined"},
      {5, "$body.n OR level = 'a'", "true", "undefined"},
      {5, "$body.yes OR ghost = 'a'", "true", "undefined"},
      {5, "$body.no AND ghost = 'a'", "false", "undefined"},
      {5, "$body.yes OR level = 'b'", "true", "true"},
      {5, "$body.ghost OR level = 'b' OR level = 'a'", "true", "true"},
      {6, "$body.n % 2 = 1", "true", "error"},
      {6, "3 % $body.n = 3", "true", "error"},
      {6, "$body.n * 2 = 10", "true", "true"},
      {7, "is_array($body.list)", "true", "error"},
      {7, "is_object($body.o)", "true", "error"},
      {7, "is_primitive($body.n)", "true", "error"},
      {8, "$twin.tags.site = 'north'", "true", "undefined"},
      {10, "$body.at = '2025-03-01T08:00:00Z'", "true", "undefined"},
      {10, "$body.day = '2025-03-01'", "true", "true"},
      {11, "$tier = 'sys'", "true", "false"},
      {11, "$body.site = 'shadow'", "false", "true"},
      {11, "{$body.site} = 'shadow'", "false", "false"},
      {12, "level = 'a' rubbish", "error", "error"},  // not copied
      {12, "level = 'a') OR true", "error", "error"},
      {13, "$body.n < 'x'", "undefined", "true"},
      {13, "$body.yes < $body.n", "undefined", "true"},
      {13, "$body.null > 'x'", "undefined", "true"},
      {13, "$body.null > $body.site", "undefined", "true"},
      {13, "$body.n >= 'x'", "undefined", "false"},
      // Beyond the table: what is typed otherwise.
      {0, "$body[0] = 1", "undefined", "error"},
      {0, "$body = 1", "undefined", "error"},
      {0, "$body.n + 1 = '6'", "error", "false"},
      {0, "as_number('1,000') = 1000", "undefined", "true"},
      {0, "as_number('(5)') = -5", "undefined", "true"},
      {0, "as_number('-Infinity') < 0", "undefined", "true"},
      {0, "is_defined(as_number('NaN'))", "false", "false"},
      {0, "as_number('0x10') = 16", "undefined", "undefined"},
  };
  TestMessage message;
  message.properties = {{"level", "a"}, {"$tier", "app"}, {"$body.site", "shadow"}};
  message.system_properties = {{"tier", "sys"}};
  message.twin = R"({"tags":{"site":"north"}})";
  message.body = R"({"n":5,"o":{"x":1},"list":[1,2],"null":null,"yes":true,"no":false,"site":"real",
                     "at":"2025-03-01T08:00:00Z","day":"2025-03-01"})";
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << "row " << c.row << ": " << c.query);
    EXPECT_EQ(Judge(c.query, message, kDefault), c.in_default);
    EXPECT_EQ(Judge(c.query, message, kEdgeHub), c.in_edgehub);
  }
}

TEST(DivergenceTest, CharsetInTheContentType) {
  TestMessage message;
  message.content_type = "application/json;charset=utf-8";
  message.body = R"({"n":5})";
  EXPECT_EQ(Judge("$body.n = 5", message, kDefault), "true");
  EXPECT_EQ(Judge("$body.n = 5", message, kEdgeHub), "undefined");
}

TEST(DivergenceTest, DatesInEdgeHub) {
  for (std::string_view text :
       {"2025-03-01T08:00:00", "2025-03-01T08:00:00Z", "2017-03-09T00:00:00.000Z",
        "2024-02-29T23:59:59.1234567+05:45", "2025-03-01T08:00:00-0800"}) {
    TestMessage message;
    message.body = "{\"at\":\"" + std::string(text) + "\"}";
    EXPECT_EQ(ReasonOf("$body.at", message, kEdgeHub), Reason::kDateText) << text;
  }
  for (std::string_view text :
       {"2025-03-01", "2025-03-01 08:00:00", "2025-13-01T08:00:00", "2025-02-29T08:00:00",
        "2025-03-01T25:00:00", "2025-03-01T08:00", "2025-03-01T08:00:00x", "2025-03-01T08:00:00.",
        "2025-03-01T08:00:00+5", "x025-03-01T08:00:00Z", ""}) {
    TestMessage message;
    message.body = "{\"at\":\"" + std::string(text) + "\"}";
    EXPECT_EQ(Judge("is_string($body.at)", message, kEdgeHub), "true") << text;
  }
}

TEST(DivergenceTest, TwinChangeIncludes) {
  FieldPaths paths;
  ExpressionOptions options;
  options.profile = kEdgeHub;
  options.twin_change_source = true;
  options.paths = &paths;
  TestMessage message;
  message.body = R"({"properties":{"reported":{"fw":"2.1","o":{}}},"tags":{"gone":null}})";
  const auto judge = [&](std::string_view query) -> std::string {
    Diagnostics diagnostics;
    const auto condition = CompileCondition(query, options, &diagnostics);
    if (!condition) return "error";
    const MessageView view = message.View();
    BodyReader body(paths.body, {kEdgeHub, false});
    body.Read(view);
    Evaluator evaluator(paths);
    evaluator.Start({&view, &body});
    return Text(evaluator.Judge(*condition));
  };
  EXPECT_EQ(judge("twin_change_includes(properties.reported.fw)"), "true");
  EXPECT_EQ(judge("twin_change_includes(tags.gone)"), "true");
  EXPECT_EQ(judge("TWIN_CHANGE_INCLUDES(properties.desired.x)"), "false");
  EXPECT_EQ(judge("NOT twin_change_includes(tags.x)"), "true");
  EXPECT_EQ(judge("twin_change_includes(other.x)"), "error");
  EXPECT_EQ(judge("twin_change_includes('tags.x')"), "error");
  EXPECT_EQ(judge("twin_change_includes(tags.x[0])"), "error");
  EXPECT_EQ(judge("twin_change_includes()"), "error");
  EXPECT_EQ(judge("twin_change_includes(tags.a, tags.b)"), "error");
  EXPECT_EQ(Judge("twin_change_includes(tags.a)", message, kEdgeHub), "error");
}

}  // namespace
}  // namespace sluice::language
