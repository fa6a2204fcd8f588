#include "gateway/lines/message_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace sluice::lines {
namespace {

using testing::HasSubstr;

OwnedMessage Read(std::string_view line) {
  OwnedMessage message;
  const absl::Status status = ParseMessageLine(line, &message);
  EXPECT_TRUE(status.ok()) << status.message() << " in " << line;
  return message;
}

TEST(ParseMessageLineTest, ReadsEveryMember) {
  const OwnedMessage message = Read(
      R"({"device":"d1","topic":"a/b","payload":{"x":1.50},"contentType":"application/json","contentEncoding":"utf-8",)"
      R"("properties":{"k":"v","n":null,"K":"w"},"systemProperties":{"messageId":"7"},)"
      R"("twin":{"tags":{}},"qos":2,"time":"1970-01-01T00:00:01Z","else":[1]})"
      "\r\n");
  const language::MessageView& view = message.View();
  EXPECT_EQ(view.device, "d1");
  EXPECT_EQ(view.topic, "a/b");
  EXPECT_EQ(view.payload, R"({"x":1.50})");
  EXPECT_EQ(message.payload_member(), R"({"x":1.50})");
  EXPECT_EQ(view.content_type, "application/json");
  EXPECT_EQ(view.content_encoding, "utf-8");
  EXPECT_EQ(view.format.type, language::BodyFormat::Type::kJson);
  EXPECT_EQ(view.format.encoding, language::BodyFormat::Encoding::kUtf8);
  ASSERT_EQ(view.properties.size(), 3U);
  EXPECT_EQ(view.properties[0].name, "k");
  EXPECT_EQ(view.properties[0].value, "v");
  EXPECT_TRUE(view.properties[1].is_null);
  EXPECT_EQ(view.properties[2].value, "w");
  ASSERT_EQ(view.system_properties.size(), 1U);
  EXPECT_EQ(view.system_properties[0].name, "messageId");
  EXPECT_EQ(view.twin, R"({"tags":{}})");
  EXPECT_EQ(view.qos, 2);
  EXPECT_TRUE(message.has_time());
  EXPECT_EQ(view.time_us, 1'000'000);
}

TEST(ParseMessageLineTest, NeedsTopicAndPayloadOnly) {
  const OwnedMessage message =
      Read(R"({"topic":"","payload":"","contentType":null,"qos":null,"time":null})");
  EXPECT_EQ(message.View().device, "");
  EXPECT_EQ(message.View().content_type.data(), nullptr);
  EXPECT_EQ(message.View().format.type, language::BodyFormat::Type::kUndeclared);
  EXPECT_FALSE(message.has_time());
  EXPECT_EQ(message.View().time_us, 0);
}

TEST(ParseMessageLineTest, TakesPayloadsAsTheyAre) {
  struct {
    std::string_view member;
    std::string_view payload;
  } const kCases[] = {
      {R"("payload":"21.5")", "21.5"},
      {R"("payload":"")", ""},
      {R"("payload":"a\n\"b\" \u00e4")", "a\n\"b\" ä"},
      {R"("payload":21.50)", "21.50"},
      {R"("payload":null)", "null"},
      {R"("payload":[1, 2])", "[1, 2]"},
      {R"("payload": {"a" : "\u0041"} )", R"({"a" : "\u0041"})"},
      {R"("payloadBase64":"/wA=")", std::string_view("\xff\0", 2)},
      {R"("payloadBase64":"\/\u0077A=")", std::string_view("\xff\0", 2)},
      {R"("payloadBase64":"")", ""},
  };
  for (const auto& c : kCases) {
    const OwnedMessage message = Read("{\"topic\":\"t\"," + std::string(c.member) + "}");
    EXPECT_EQ(message.View().payload, c.payload) << c.member;
    EXPECT_NE(message.View().payload.data(), nullptr);
  }
}

TEST(ParseMessageLineTest, KeepsThePayloadMemberByteForByte) {
  EXPECT_EQ(Read(R"({"topic":"t","payload": "a\u0041" })").payload_member(), R"("a\u0041")");
  const OwnedMessage binary = Read(R"({"topic":"t","payloadBase64":"/wA="})");
  EXPECT_EQ(binary.payload_member(), R"("/wA=")");
  EXPECT_TRUE(binary.payload_is_base64());
}

TEST(ParseMessageLineTest, SlackBehindThePayloadIsReadable) {
  // AddressSanitizer judges this one. The payload ends where the line almost does.
  for (const std::string_view line :
       {R"({"topic":"t","payload":1})", R"({"topic":"t","payload":"\n"})",
        R"({"topic":"t","payloadBase64":"/wA="})"}) {
    const OwnedMessage message = Read(line);
    const std::string_view payload = message.View().payload;
    unsigned sum = 0;
    for (size_t i = 0; i < language::kPayloadSlack; ++i)
      sum += static_cast<unsigned char>(payload.data()[payload.size() + i]);
    EXPECT_GE(sum, 0U);
  }
}

TEST(ParseMessageLineTest, SaysWhatIsWrong) {
  struct {
    std::string_view line;
    std::string_view error;
  } const kCases[] = {
      {"", "not JSON: unexpected end at byte 1"},
      {"[]", "not JSON: expected an object at byte 1"},
      {R"({"topic":"t","payload":1)", "not JSON: unexpected end"},
      {R"({"topic":"t","payload":{"a":nope}})", "not JSON: expected a value"},
      {R"({"topic":"t","payload":1} x)", "not JSON: unexpected character after the value"},
      {R"({"payload":1})", "no member 'topic'"},
      {R"({"topic":"t"})", "no member 'payload' or 'payloadBase64'"},
      {R"({"topic":null,"payload":1})", "'topic' must be a string, not null"},
      {R"({"topic":5,"payload":1})", "'topic' must be a string, not 5"},
      {R"({"topic":"t","topic":"u","payload":1})", "member 'topic' stands twice"},
      {R"({"topic":"t","t\u006fpic":"u","payload":1})", "member 'topic' stands twice"},
      {R"({"topic":"t","payload":1,"payloadBase64":""})", "both 'payload' and 'payloadBase64'"},
      {R"({"topic":"t","payloadBase64":"abc"})", "no base64"},
      {R"({"topic":"t","payloadBase64":5})", "must be a string"},
      {R"({"topic":"t","payload":1,"properties":[]})", "'properties' must be an object, not []"},
      {R"({"topic":"t","payload":1,"properties":{"a":1}})",
       "'properties.a' must be a string or null, not 1"},
      {R"({"topic":"t","payload":1,"twin":1})", "'twin' must be an object"},
      {R"({"topic":"t","payload":1,"qos":3})", "'qos' must be 0, 1 or 2, not 3"},
      {R"({"topic":"t","payload":1,"qos":"1"})", "'qos' must be"},
      {R"({"topic":"t","payload":1,"time":"yesterday"})", "'time' is no RFC 3339 time"},
      {R"({"topic":"t","payload":"\ud800"})", "'payload' has half a surrogate pair"},
      {"{\"topic\":\"\xff\",\"payload\":1}", "not UTF-8"},
  };
  OwnedMessage message;
  for (const auto& c : kCases) {
    const absl::Status status = ParseMessageLine(c.line, &message);
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(c.error))) << c.line;
  }
}

TEST(ParseMessageLineTest, SurvivesAMove) {
  OwnedMessage first = Read(R"({"topic":"a\u0062","payload":"x","properties":{"k":"v"}})");
  const OwnedMessage second = std::move(first);
  EXPECT_EQ(second.View().topic, "ab");
  EXPECT_EQ(second.View().properties[0].value, "v");
}

// What nlohmann::json, which shares no code with the parser, says that a line of the corpus means.
void ExpectSame(const std::string& line, const language::MessageView& view) {
  const nlohmann::json other = nlohmann::json::parse(line);
  EXPECT_EQ(view.device, other.value("device", ""));
  EXPECT_EQ(view.topic, other.at("topic").get<std::string>());
  EXPECT_EQ(view.content_type, other.value("contentType", ""));
  EXPECT_EQ(view.qos, other.value("qos", 0));
  EXPECT_EQ(view.properties.size(), other.value("properties", nlohmann::json::object()).size());
  if (!other.contains("payload")) return;
  const nlohmann::json& payload = other["payload"];
  if (payload.is_string()) {
    EXPECT_EQ(view.payload, payload.get<std::string>());
  } else {
    EXPECT_EQ(nlohmann::json::parse(view.payload), payload);
  }
}

TEST(ParseMessageLineTest, ReadsEveryLineOfTheCorpus) {
  struct {
    std::string_view file;
    size_t lines;
  } const kCases[] = {{"plant.jsonl", 19'917}, {"fleet-shapes.jsonl", 310}, {"hostile.jsonl", 140}};
  OwnedMessage message;
  for (const auto& c : kCases) {
    std::ifstream file(SLUICE_TEST_DATA "/corpus/" + std::string(c.file));
    size_t lines = 0;
    for (std::string line; std::getline(file, line); ++lines) {
      const absl::Status status = ParseMessageLine(line, &message);
      ASSERT_TRUE(status.ok()) << c.file << ':' << lines + 1 << ": " << status.message();
      ASSERT_TRUE(message.has_time());
      ExpectSame(line, message.View());
    }
    EXPECT_EQ(lines, c.lines);
  }
}

}  // namespace
}  // namespace sluice::lines
