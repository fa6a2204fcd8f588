// What names refer to: properties, system properties, twin, sluice's extensions (sections 7 and 9,
// design section 5).
#include <gtest/gtest.h>

#include <string>

#include "filters/language/system_names.h"
#include "tests/filters/language/judging.h"

namespace sluice::language {
namespace {

TEST(NamesTest, ApplicationPropertiesIgnoreCaseAndTheLastCounts) {
  TestMessage message;
  message.properties = {
      {"Alert", "a"}, {"ALERT", "b"}, {"ünit", "℃"}, {"with-dash.dot", "x"}, {"empty", ""}};
  EXPECT_EQ(Judge("alert = 'b'", message), "true");
  EXPECT_EQ(Judge("ÜNIT = '℃'", message), "true");
  EXPECT_EQ(Judge("With-Dash.Dot = 'x'", message), "true");
  EXPECT_EQ(Judge("empty = ''", message), "true");
  EXPECT_EQ(Judge("is_defined(empty)", message), "true");
  EXPECT_EQ(Judge("TRUE = 'x'", message), "undefined");  // a name, not the literal
}

TEST(NamesTest, SystemPropertiesOfIoTHub) {
  TestMessage message;
  const std::string_view kStored[] = {"messageId",
                                      "correlationId",
                                      "userId",
                                      "connectionModuleId",
                                      "connectionDeviceGenerationId",
                                      "connectionAuthMethod",
                                      "dt-dataschema",
                                      "dt-subject",
                                      "creation-time-utc",
                                      "to",
                                      "ack"};
  for (std::string_view name : kStored) message.system_properties.push_back({name, name});
  for (std::string_view name : kStored) {
    const std::string text(name);
    EXPECT_EQ(Judge("$" + text + " = '" + text + "'", message), "true") << name;
    EXPECT_EQ(Judge("{$" + text + "} = '" + text + "'", message), "true") << name;
    EXPECT_EQ(Judge(text + " = '" + text + "'", message), "undefined")
        << name;  // without the dollar
    EXPECT_NE(FindSystemName(text, kDefault), nullptr) << name;
  }
  EXPECT_EQ(Judge("$MESSAGEID = 'messageId'", message), "true");
  EXPECT_EQ(Judge("$nosuch = 'x'", message), "undefined");
}

TEST(NamesTest, DerivedSystemProperties) {
  TestMessage message;
  EXPECT_EQ(Judge("$contentType = 'application/json'", message), "true");
  EXPECT_EQ(Judge("$contentEncoding = 'utf-8'", message), "true");
  EXPECT_EQ(Judge("$connectionDeviceId = 'press-03'", message), "true");
  EXPECT_EQ(Judge("$enqueuedTime = '2023-11-14T22:13:20.250Z'", message), "true");
  EXPECT_EQ(Judge("is_defined($messageId)", message), "false");
  EXPECT_EQ(Judge("is_defined($connectionModuleId)", message), "false");
  // What stands among the system properties counts.
  message.system_properties = {{"connectionDeviceId", "dev-9"}, {"enqueuedTime", "then"}};
  EXPECT_EQ(Judge("$connectionDeviceId = 'dev-9' AND $enqueuedTime = 'then'", message), "true");
  message.content_type.reset();
  message.content_encoding = "";
  EXPECT_EQ(Judge("is_defined($contentType)", message), "false");
  EXPECT_EQ(Judge("$contentEncoding = ''", message), "true");
}

TEST(NamesTest, EnqueuedTimeIsUtc) {
  const struct {
    int64_t time_us;
    std::string_view text;
  } kCases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {951'782'400'000'000, "2000-02-29T00:00:00.000Z"},
      {1'773'135'900'123'999, "2026-03-10T09:45:00.123Z"},
      {253'402'300'799'999'000, "9999-12-31T23:59:59.999Z"},
      {-62'135'596'800'000'000, "0001-01-01T00:00:00.000Z"},
  };
  for (const auto& c : kCases) {
    TestMessage message;
    message.time_us = c.time_us;
    EXPECT_EQ(Judge("$enqueuedTime = '" + std::string(c.text) + "'", message), "true") << c.text;
  }
}

TEST(NamesTest, SystemFirstThenTheApplicationPropertyWithTheDollar) {
  TestMessage message;
  message.properties = {{"$tier", "app"}, {"$only", "app"}, {"tier", "plain"}};
  message.system_properties = {{"tier", "sys"}};
  EXPECT_EQ(Judge("$tier = 'sys'", message), "true");
  EXPECT_EQ(Judge("$only = 'app'", message), "true");
  EXPECT_EQ(Judge("{$tier} = 'sys'", message), "true");
  EXPECT_EQ(Judge("{$only} = 'app'", message), "undefined");
  EXPECT_EQ(Judge("tier = 'plain'", message), "true");
}

TEST(NamesTest, EdgeHubNames) {
  TestMessage message;
  message.properties = {{"$tier", "app"}};
  message.system_properties = {
      {"tier", "sys"}, {"correlationId", "c"}, {"creation-time-utc", "t"}, {"inputName", "i"}};
  EXPECT_EQ(Judge("$tier = 'app'", message, kEdgeHub), "true");
  EXPECT_EQ(Judge("{$tier} = 'sys'", message, kEdgeHub), "true");
  EXPECT_EQ(Judge("$cid = 'c'", message, kEdgeHub), "true");
  EXPECT_EQ(Judge("$creationTime = 't'", message, kEdgeHub), "true");
  EXPECT_EQ(Judge("$inputName = 'i'", message, kEdgeHub), "true");
  EXPECT_EQ(Judge("$edgeHubOriginInterface = 'downstream'", message, kEdgeHub), "true");
  EXPECT_EQ(Judge("$cid = 'c'", message), "undefined");
  EXPECT_EQ(Judge("$edgeHubOriginInterface = 'downstream'", message), "undefined");
  for (std::string_view name : {"messageId",
                                "enqueuedTime",
                                "to",
                                "cid",
                                "correlationId",
                                "userId",
                                "ack",
                                "connectionDeviceId",
                                "connectionModuleId",
                                "inputName",
                                "outputName",
                                "connectionDeviceGenerationId",
                                "connectionAuthMethod",
                                "contentType",
                                "contentEncoding",
                                "messageSchema",
                                "absolute-expiry-time",
                                "messageType",
                                "creationTime",
                                "operation",
                                "iothub-interface-id",
                                "modelId",
                                "dt-subject",
                                "edgeMessageId",
                                "edgeHubOriginInterface"}) {
    EXPECT_NE(FindSystemName(name, kEdgeHub), nullptr) << name;
  }
}

// Section 9.
TEST(NamesTest, Twin) {
  TestMessage message;
  message.twin = R"({"tags":{"site":{"floor":"1"},"list":[1,2]},
                     "properties":{"desired":{"mode":"fast","limit":80},"reported":{"fw":"2.1","on":true}}})";
  const struct {
    std::string_view query;
    std::string_view value;
  } kCases[] = {
      {"$twin.properties.desired.mode = 'fast'", "true"},
      {"$TWIN.properties.desired.limit > 79", "true"},
      {"$twin.properties.reported.fw = '2.1' AND $twin.properties.reported.on", "true"},
      {"$twin.tags.site.floor = '1'", "true"},
      {"$twin.tags.list[1] = 2", "true"},
      {"$twin.properties.desired.ghost = 'x'", "undefined"},
      {"$twin.properties.desired.ghost != 'x'", "undefined"},
      {"$twin.tags.site = 'x'", "undefined"},
      {"is_object($twin.tags.site)", "true"},
      {"$twin.tags.Site.floor = '1'", "undefined"},  // keys keep case
      {"$twin = 'x'", "undefined"},
      {"{$twin.tags.site.floor} = '1'", "true"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Judge(c.query, message), c.value) << c.query;
  EXPECT_EQ(Judge("$twin.tags.site.floor = '1'", message, kEdgeHub), "undefined");
  for (std::string_view twin : {"", "[]", "{", "null", "{\"tags\":{}} x"}) {
    message.twin = twin;
    EXPECT_EQ(ReasonOf("$twin.tags.site.floor", message), Reason::kTwinMissing) << twin;
  }
}

TEST(ExtensionsTest, TopicDeviceAndTime) {
  TestMessage message;
  for (std::string_view query :
       {"$topic = 'plant/line2/press-03/telemetry'", "$topic[0] = 'plant'",
        "$topic[3] = 'telemetry'", "$topic.line = 'line2'", "$topic.unit = $device",
        "$TOPIC[1] = 'line2'", "$device = 'press-03'", "starts_with($device, 'press-')",
        "$now = 1700000000.25", "$now > 1e9", "not is_defined($topic[4])",
        "not is_defined($topic.beyond)", "$topic.unit = $connectionDeviceId"}) {
    EXPECT_EQ(Judge(query, message), "true") << query;
  }
  message.topic = "//x";
  EXPECT_EQ(Judge("$topic[0] = '' AND $topic[1] = '' AND $topic[2] = 'x'", message), "true");
}

TEST(ExtensionsTest, RegexMatch) {
  TestMessage message;
  message.properties = {{"unit", "pump-17"}};
  message.body = R"({"code":"E-42","n":5})";
  for (std::string_view query :
       {"REGEX_MATCH(unit, 'p-[0-9]+')", "regex_match(unit, '^pump')",
        "regex_match($body.code, '42$')", "regex_match('Zürich', '^Z.rich$')",
        "regex_match(unit, '')", "regex_match(unit, '(?i)PUMP')",
        "regex_match($topic, 'line[12]/')"}) {
    EXPECT_EQ(Judge(query, message), "true") << query;
  }
  EXPECT_EQ(Judge("regex_match(unit, '^[0-9]')", message), "false");
  EXPECT_EQ(Judge("regex_match(ghost, 'x')", message), "undefined");
  EXPECT_EQ(Judge("regex_match($body.n, '5')", message), "undefined");
  for (std::string_view pattern :
       {"(", "[a", "a{2000}", "(?=x)", "\\\\1", "((a{100}){100}){100}"}) {
    FieldPaths paths;
    Diagnostics diagnostics;
    EXPECT_FALSE(TryCompile("regex_match(unit, '" + std::string(pattern) + "')", kDefault, &paths,
                            &diagnostics))
        << pattern;
    ASSERT_FALSE(diagnostics.empty());
    EXPECT_EQ(diagnostics[0].offset, 18u);
    EXPECT_NE(diagnostics[0].message.find("bad pattern"), std::string::npos);
  }
}

TEST(ExtensionsTest, AreOffInEdgeHubAndWhereAsked) {
  TestMessage message;
  message.properties = {{"$topic", "mine"}, {"$device", "mine"}, {"$now", "mine"}};
  for (std::string_view name : {"$topic", "$device", "$now"}) {
    EXPECT_EQ(Judge(std::string(name) + " = 'mine'", message, kEdgeHub), "true") << name;
  }
  EXPECT_EQ(Judge("regex_match('a', 'a')", message, kEdgeHub), "error");
  FieldPaths paths;
  Diagnostics diagnostics;
  ExpressionOptions options;
  options.extensions = false;
  options.paths = &paths;
  EXPECT_FALSE(CompileCondition("regex_match('a', 'a')", options, &diagnostics));
  const auto topic = CompileCondition("$topic = 'a'", options, &diagnostics);
  ASSERT_TRUE(topic);
  EXPECT_FALSE(topic->reads_topic());
}

TEST(ExpressionTest, ValuesOfSet) {
  FieldPaths paths;
  ExpressionOptions options;
  options.topic_names = TestTopicNames();
  options.paths = &paths;
  const struct {
    std::string_view text;
    std::optional<std::string_view> property;
  } kCases[] = {
      {"$topic.line", "line2"},
      {"'x' || $device", "xpress-03"},
      {"$body.n", "81.5"},
      {"$body.n * 2", "163"},
      {"0.1 + 0.2", "0.30000000000000004"},
      {"1e21", "1e+21"},
      {"1 / 0", "Infinity"},
      {"$body.yes", "true"},
      {"$body.n > 100", "false"},
      {"$body.ghost", std::nullopt},
      {"$body.z", std::nullopt},
      {"$body.o", std::nullopt},
  };
  TestMessage message;
  message.body = R"({"n":81.5,"yes":true,"z":null,"o":{}})";
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.text);
    Diagnostics diagnostics;
    const auto value = CompileValue(c.text, options, &diagnostics);
    ASSERT_TRUE(value);
    EXPECT_TRUE(diagnostics.empty());
    const MessageView view = message.View();
    BodyReader body(paths.body, {});
    body.Read(view);
    Evaluator evaluator(paths);
    evaluator.Start({&view, &body});
    NumberText buffer;
    EXPECT_EQ(PropertyText(evaluator.Evaluate(*value), &buffer), c.property);
  }
  Diagnostics diagnostics;
  EXPECT_FALSE(CompileValue("", options, &diagnostics));
  EXPECT_TRUE(HasErrors(diagnostics));
}

}  // namespace
}  // namespace sluice::language
