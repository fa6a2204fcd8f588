#include "tests/devhub/message_line.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "filters/json/base64.h"

namespace sluice::devhub {
namespace {

constexpr char kTime[] = "2026-01-31T08:00:00.123Z";
const Stamp kStamp = {{"gw-01", ""}, R"({"scope":"device","type":"sas","issuer":"iothub"})", ""};
const MessageProperties kJson = {{}, {{"contentType", "application/json", false}}};

std::string Line(const MessageProperties& properties, std::string_view payload) {
  std::string line;
  AppendMessageLine(kStamp, properties, payload, kTime, 1, &line);
  return line;
}

TEST(MessageLineTest, IsTheContractsObject) {
  const Stamp stamp = {{"edge-01", "sluice"}, R"({"scope":"module"})", "dtmi:a;1"};
  const MessageProperties properties = {{{"site", "Hall \"7\"", false}, {"flag", "", true}},
                                        {{"messageId", "m-1", false}}};
  std::string line;
  AppendMessageLine(stamp, properties, "on", kTime, 2, &line);
  EXPECT_EQ(
      line,
      R"({"device":"edge-01","module":"sluice","properties":{"site":"Hall \"7\"","flag":null},)"
      R"("systemProperties":{"messageId":"m-1","connectionDeviceId":"edge-01","connectionModuleId":"sluice",)"
      R"("connectionDeviceGenerationId":"1","connectionAuthMethod":"{\"scope\":\"module\"}",)"
      R"("enqueuedTime":"2026-01-31T08:00:00.123Z","dt-dataschema":"dtmi:a;1"},)"
      R"("payload":"on","enqueuedTime":"2026-01-31T08:00:00.123Z","blocks":2})"
      "\n");
}

TEST(MessageLineTest, EmbedsJsonByteForByte) {
  const std::string_view kBodies[] = {"{}",
                                      "[]",
                                      "1",
                                      "-0.50e+1",
                                      "1e999",
                                      "12345678901234567890",
                                      "true",
                                      "null",
                                      R"({"a": 1.0, "a": 2 ,"b":[ ]})",
                                      R"({"\u0061":"\/"})"};
  for (const auto body : kBodies) {
    EXPECT_NE(Line(kJson, body).find("\"payload\":" + std::string(body) + ",\"enqueuedTime\""),
              std::string::npos)
        << body;
  }
}

// What an embedded value could not give back exactly, or would confuse with text, travels as text.
TEST(MessageLineTest, EverythingElseCanBeHadBackExactly) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  const std::string kBodies[] = {
      "",
      "\"text\"",
      " {}",
      "{} ",
      "{\n\"a\":1}",
      "[1,\r2]",
      "{\"a\":}",
      "{",
      "nan",
      "\xef\xbb\xbf{}",
      std::string("\0", 1),
      bytes,
      "\xff",
      "{\"a\":\"\xff\"}",
      "01",
      "50 °C",
  };
  for (const MessageProperties& properties : {kJson, MessageProperties{}}) {
    for (const std::string& body : kBodies) {
      const std::string line = Line(properties, body);
      SCOPED_TRACE(line);
      EXPECT_EQ(line.find('\n'), line.size() - 1);
      const auto json = nlohmann::json::parse(line);
      if (json.contains("payload")) {
        ASSERT_TRUE(json["payload"].is_string());
        EXPECT_EQ(json["payload"].get<std::string>(), body);
      } else {
        const auto text = json["payloadBase64"].get<std::string>();
        std::string decoded(json::MaxDecodedSize(text.size()), '\0');
        decoded.resize(json::DecodeBase64(text, decoded.data()).value());
        EXPECT_EQ(decoded, body);
      }
    }
  }
}

TEST(MessageLineTest, ContentTypeDecidesWhetherItIsJson) {
  struct {
    std::string_view type;
    bool embedded;
  } const kCases[] = {
      {"application/json", true},
      {"Application/JSON", true},
      {"application/json;charset=utf-8", true},
      {"application/json ; charset=utf-8", true},
      {"text/plain", false},
      {"application/jsonx", false},
      {"", false},
  };
  for (const auto& c : kCases) {
    const MessageProperties properties = {{}, {{"contentType", std::string(c.type), false}}};
    EXPECT_EQ(Line(properties, "{}").find("\"payload\":{}") != std::string::npos, c.embedded)
        << c.type;
  }
  EXPECT_EQ(Line({}, "{}").find("\"payload\":{}"), std::string::npos);
}

}  // namespace
}  // namespace sluice::devhub
