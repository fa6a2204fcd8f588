// When a body may be read and what members it has (azure/routing-query.md section 8).
#include "filters/language/body.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/filters/language/judging.h"

namespace sluice::language {
namespace {

using State = BodyReader::State;
using Type = BodyFormat::Type;
using Encoding = BodyFormat::Encoding;

TEST(BodyFormatTest, ContentTypes) {
  const struct {
    std::string_view text;
    Type type;
  } kCases[] = {
      {{}, Type::kUndeclared},
      {"application/json", Type::kJson},
      {"Application/JSON", Type::kJson},
      {"application/json;charset=utf-8", Type::kJsonUtf8Charset},
      {"APPLICATION/JSON; Charset=UTF-8", Type::kJsonUtf8Charset},
      {"application/json ; v=1 ; charset=\"utf-8\"", Type::kJsonUtf8Charset},
      {"application/json;charset=utf-16", Type::kOther},
      {"application/json;v=1", Type::kOther},
      {"application/json;", Type::kOther},
      {"application/jsonp", Type::kOther},
      {"application/json\r\nx: y", Type::kOther},
      {" application/json", Type::kOther},
      {"text/json", Type::kOther},
      {"", Type::kOther},
  };
  for (const auto& c : kCases) EXPECT_EQ(ParseBodyFormat(c.text, {}).type, c.type) << c.text;
}

TEST(BodyFormatTest, Encodings) {
  const struct {
    std::string_view text;
    Encoding encoding;
  } kCases[] = {
      {{}, Encoding::kUndeclared},  {"utf-8", Encoding::kUtf8},   {"UTF-8", Encoding::kUtf8},
      {"utf-16", Encoding::kUtf16}, {"Utf-32", Encoding::kUtf32}, {"utf8", Encoding::kOther},
      {"gzip", Encoding::kOther},   {"", Encoding::kOther},
  };
  for (const auto& c : kCases)
    EXPECT_EQ(ParseBodyFormat({}, c.text).encoding, c.encoding) << c.text;
}

State ReadState(TestMessage& message, Profile profile = kDefault) {
  const JsonPaths paths;
  BodyReader reader(paths, {profile, message.assume_json});
  const State state = reader.Read(message.View());
  EXPECT_EQ(reader.state(), state);
  EXPECT_EQ(reader.is_error(), state == State::kBad || state == State::kLimit);
  return state;
}

TEST(BodyReaderTest, ReadsWhatIsDeclaredJson) {
  const struct {
    const char* type;
    const char* encoding;
    bool assume;
    State in_default;
    State in_edgehub;
  } kCases[] = {
      {"application/json", "utf-8", false, State::kObject, State::kObject},
      {"application/json", nullptr, false, State::kNotJson, State::kNotJson},
      {"application/json", nullptr, true, State::kNotJson, State::kNotJson},  // a type was declared
      {"application/json", "gzip", false, State::kNotJson, State::kNotJson},
      {"application/json;charset=utf-8", nullptr, false, State::kObject, State::kNotJson},
      {"application/json;charset=utf-8", "utf-8", false, State::kObject, State::kNotJson},
      {"application/json;charset=utf-8", "klingon", false, State::kNotJson, State::kNotJson},
      {nullptr, "utf-8", false, State::kNotJson, State::kNotJson},
      {nullptr, nullptr, false, State::kNotJson, State::kNotJson},
      {nullptr, nullptr, true, State::kObject, State::kObject},
      {nullptr, "utf-8", true, State::kObject, State::kObject},
      {nullptr, "gzip", true, State::kNotJson, State::kNotJson},
      {"text/plain", "utf-8", true, State::kNotJson, State::kNotJson},
      {"", "utf-8", true, State::kNotJson, State::kNotJson},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << (c.type ? c.type : "(none)") << ", "
                                    << (c.encoding ? c.encoding : "(none)") << ", " << c.assume);
    TestMessage message;
    message.content_type.reset();
    message.content_encoding.reset();
    if (c.type != nullptr) message.content_type = c.type;
    if (c.encoding != nullptr) message.content_encoding = c.encoding;
    message.assume_json = c.assume;
    EXPECT_EQ(ReadState(message, kDefault), c.in_default);
    EXPECT_EQ(ReadState(message, kEdgeHub), c.in_edgehub);
  }
}

// Every unit as `width` little-endian bytes.
std::string Units(std::u32string_view units, size_t width) {
  std::string bytes;
  for (char32_t unit : units) {
    for (size_t i = 0; i < width; ++i) bytes.push_back(static_cast<char>(unit >> (8 * i) & 0xFF));
  }
  return bytes;
}

TEST(BodyReaderTest, DecodesUtf16AndUtf32) {
  TestMessage message;
  message.content_encoding = "utf-16";
  message.body = Units(U"{\"ü\":\"", 2) + Units({U"\xD83D\xDE00", 2}, 2) + Units(U"\"}", 2);
  EXPECT_EQ(Judge("$body.ü = '😀'", message), "true");
  EXPECT_EQ(Judge("length($body.ü) = 2", message), "true");
  message.content_encoding = "utf-32";
  message.body = Units(U"{\"ü\":\"😀\"}", 4);
  EXPECT_EQ(Judge("$body.ü = '😀'", message), "true");
}

TEST(BodyReaderTest, RefusesBrokenUtf16AndUtf32) {
  const struct {
    const char* encoding;
    std::string body;
    size_t offset;
  } kCases[] = {
      {"utf-16", Units(U"{}", 2) + " ", 4},
      {"utf-16", Units(U"{\"a\":\"", 2) + Units({U"\xD83D", 1}, 2) + Units(U"\"}", 2), 12},
      {"utf-16", Units(U"{\"a\":\"", 2) + Units({U"\xDE00", 1}, 2) + Units(U"\"}", 2), 12},
      {"utf-16", Units({U"\xD83D", 1}, 2), 0},
      {"utf-16", Units({U"\xFEFF{}", 3}, 2), 0},  // a byte order mark is no JSON
      {"utf-16", "{}", 0},                        // UTF-8, after all: one character that is no JSON
      {"utf-32", Units(U"{}", 4) + "  ", 8},
      {"utf-32", Units({U"\xD800", 1}, 4), 0},
      {"utf-32", Units({U"\x110000", 1}, 4), 0},
      {"utf-32", Units(U"{}", 2), 0},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.encoding << " " << c.body.size());
    TestMessage message;
    message.content_encoding = c.encoding;
    message.body = c.body;
    const JsonPaths paths;
    BodyReader reader(paths, {});
    EXPECT_EQ(reader.Read(message.View()), State::kBad);
    EXPECT_EQ(reader.error_offset(), c.offset);
  }
}

TEST(BodyReaderTest, StatesAndReasons) {
  const struct {
    std::string body;
    State state;
    Reason reason;
  } kCases[] = {
      {R"({"x":1})", State::kObject, Reason::kMemberMissing},
      {"[1]", State::kNotObject, Reason::kBodyNotObject},
      {"null", State::kNotObject, Reason::kBodyNotObject},
      {"\"text\"", State::kNotObject, Reason::kBodyNotObject},
      {"{", State::kBad, Reason::kBadJson},
      {"", State::kBad, Reason::kBadJson},
      {"{\"a\":" + std::string(kMaxJsonDepth, '[') + std::string(kMaxJsonDepth, ']') + "}",
       State::kLimit, Reason::kBodyLimit},
  };
  for (const auto& c : kCases) {
    TestMessage message;
    message.body = c.body;
    EXPECT_EQ(ReadState(message), c.state) << c.body;
    EXPECT_EQ(ReasonOf("$body.ghost", message), c.reason) << c.body;
    EXPECT_EQ(Judge("$body.ghost = 1 OR true", message), "true");
  }
  TestMessage message;
  message.content_type = "text/plain";
  EXPECT_EQ(ReasonOf("$body.ghost", message), Reason::kNotJsonType);
}

TEST(BodyReaderTest, ForgetsTheLastMessage) {
  FieldPaths paths;
  const PathStep step{"x", std::nullopt};
  const JsonPaths::Slot slot = paths.body.Intern({&step, 1});
  BodyReader reader(paths.body, {});
  TestMessage message;
  message.body = R"({"x":1})";
  reader.Read(message.View());
  EXPECT_EQ(reader.value(slot).number(), 1);
  EXPECT_EQ(reader.raw(slot), "1");
  message.body = R"({"y":1})";
  reader.Read(message.View());
  EXPECT_EQ(reader.value(slot).reason(), Reason::kMemberMissing);
  EXPECT_EQ(reader.raw(slot), "");
  message.body = R"({"x":1)";
  reader.Read(message.View());
  EXPECT_EQ(reader.value(slot).reason(), Reason::kBadJson);
  reader.Reset();
  EXPECT_EQ(reader.state(), State::kUnread);
  EXPECT_EQ(reader.value(slot).reason(), Reason::kBodyUnread);
}

TEST(BodyPathTest, Members) {
  TestMessage message;
  message.body = R"({"site":"north","pump":{"rpm":1450,"running":true,"note":null,"tag":"P-7"},
                     "readings":[10,20,30],"events":[{"code":"E1"},{"code":"W2"}],"":1,"a b":2,"1x":3,"Site":"south",
                     "grid":[[1]],"a-b":4,"delta":-4.25,"day":"2025-03-01","at":"2025-03-01T08:00:00Z"})";
  const struct {
    std::string_view query;
    std::string_view value;
  } kCases[] = {
      {"$body.site = 'north'", "true"},
      {"$BODY.site = 'north'", "true"},  // the prefix ignores case
      {"$body.Site = 'south'", "true"},  // keys keep it
      {"$body.SITE = 'north'", "undefined"},
      {"$body.pump.rpm = 1450", "true"},
      {"$body.pump.running", "true"},
      {"$body.pump.note = null", "true"},
      {"$body.readings[0] = 10", "true"},
      {"$body.readings[2] = 30", "true"},
      {"$body.readings[002] = 30", "true"},
      {"$body.readings[9] = 30", "undefined"},
      {"$body.readings = 10", "undefined"},
      {"$body.events[1].code = 'W2'", "true"},
      {"$body.events.code = 'W2'", "undefined"},
      {"$body.site[0] = 'n'", "undefined"},
      {"$body.site.length = 5", "undefined"},
      {"$body.pump[0] = 1", "undefined"},
      {"$body.grid[0] = 1", "undefined"},
      {"$body.1x = 3", "true"},
      {"$body.a-b = 4", "true"},
      {"$body.delta = -4.25", "true"},
      {"$body.day = '2025-03-01'", "true"},
      {"$body.at = '2025-03-01T08:00:00Z'", "true"},
      {"{$body.site} = 'north'", "true"},
      {"$body = 'x'", "undefined"},
      {"$body[0] = 1", "undefined"},
      {"is_defined($body)", "false"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Judge(c.query, message), c.value) << c.query;
}

TEST(JsonPathsTest, ParsesPaths) {
  const auto shape = [](std::string_view text) -> std::string {
    size_t bad = 0;
    const auto path = ParsePath(text, &bad);
    if (!path) return "bad at " + std::to_string(bad);
    std::string out;
    for (const PathStep& step : *path) {
      out += "/" + step.key + (step.index ? "#" + std::to_string(*step.index) : "");
    }
    return out;
  };
  EXPECT_EQ(shape("a"), "/a");
  EXPECT_EQ(shape("a.b[3].c"), "/a/b#3/c");
  EXPECT_EQ(shape("v_rms.z"), "/v_rms/z");
  EXPECT_EQ(shape("a[0]"), "/a#0");
  EXPECT_EQ(shape(""), "bad at 0");
  EXPECT_EQ(shape("."), "bad at 0");
  EXPECT_EQ(shape("a."), "bad at 2");
  EXPECT_EQ(shape("a..b"), "bad at 2");
  EXPECT_EQ(shape("a[]"), "bad at 2");
  EXPECT_EQ(shape("a[1"), "bad at 3");
  EXPECT_EQ(shape("a[1]b"), "bad at 4");
  EXPECT_EQ(shape("a[1][2]"), "bad at 4");
  EXPECT_EQ(shape("a[-1]"), "bad at 2");
  EXPECT_EQ(shape("a[9999999999]"), "bad at 2");
  EXPECT_EQ(shape("[0]"), "bad at 0");
  EXPECT_EQ(shape("7"), "bad at 0");
  EXPECT_EQ(shape("a.*"), "bad at 2");
  EXPECT_EQ(shape("a b"), "bad at 1");
  std::string deep = "a";
  for (size_t i = 1; i < kMaxPathSteps; ++i) deep += ".a";
  EXPECT_NE(shape(deep).substr(0, 3), "bad");
  EXPECT_EQ(shape(deep + ".a").substr(0, 3), "bad");
}

}  // namespace
}  // namespace sluice::language
