#include "gateway/pipeline/record_line.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "gateway/lines/message_line.h"

namespace sluice::pipeline {
namespace {

std::string Line(const spool::RecordView& record) {
  std::string out;
  RecordLineWriter("e1", "log").Append(record, &out);
  return out;
}

spool::RecordView Record(std::string_view body, bool is_json) {
  spool::RecordView record;
  record.id = 7;
  record.time_us = 1'500'000;
  record.device = "d1";
  record.topic = "a/b";
  record.body = body;
  record.body_is_json = is_json;
  return record;
}

TEST(RecordLineTest, HasTheShapeOfAMessageLine) {
  const spool::Property device[] = {{"k", "1"}, {"K", "2"}, {"n", "", true}, {"alert", "no"}};
  const spool::Property set[] = {{"Alert", "yes"}};
  const spool::Property system[] = {{"messageId", "m"}};
  spool::RecordView record = Record(R"({"x":1.50})", true);
  record.content_type = "application/json";
  record.device_properties = device;
  record.hub_properties = set;
  record.system_properties = system;
  EXPECT_EQ(Line(record),
            R"({"id":"e1-7","output":"log","device":"d1","topic":"a/b","payload":{"x":1.50},)"
            R"("contentType":"application/json","properties":{"K":"2","n":null,"Alert":"yes"},)"
            R"("systemProperties":{"messageId":"m"},"time":"1970-01-01T00:00:01.500Z"})"
            "\n");
}

TEST(RecordLineTest, BodiesAreReadBackByteForByte) {
  using namespace std::string_view_literals;
  struct {
    std::string_view body;
    bool is_json;
  } const kCases[] = {
      {R"({"x":1.50})", true},   {"21.50", true},       {"\"text\"", true}, {" {\"x\":1} ", true},
      {"{\n\"x\":1\n}", true},   {"null", true},        {"", false},        {"nan", false},
      {"{\"x\":", false},        {"\xff\0\n"sv, false}, {"a\nb\"c", false}, {"{\"x\":1}", false},
      {"grüße \u2028 😀", false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.body);
    const std::string line = Line(Record(c.body, c.is_json));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_TRUE(nlohmann::json::accept(line));
    lines::OwnedMessage message;
    ASSERT_TRUE(lines::ParseMessageLine(line, &message).ok());
    EXPECT_EQ(message.View().payload, c.body);
    EXPECT_EQ(message.View().topic, "a/b");
    EXPECT_EQ(message.View().time_us, 1'500'000);
  }
}

TEST(RecordLineTest, TextThatIsNoUtf8DoesNotBreakTheLine) {
  spool::RecordView record = Record("x", false);
  record.device = "d\xff\"1";
  EXPECT_TRUE(nlohmann::json::accept(Line(record)));
}

}  // namespace
}  // namespace sluice::pipeline
