#include "gateway/simulate/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/publish.h"

namespace sluice::simulate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

mqtt::PublishView Decode(const EncodedPublish& publish) {
  const mqtt::Frame frame = mqtt::NextFrame(publish.bytes, publish.bytes.size());
  EXPECT_TRUE(frame.complete());
  const auto view =
      mqtt::DecodePublish(mqtt::Version::k5, mqtt::Sender::kClient, frame.flags, frame.body);
  EXPECT_TRUE(view.ok());
  return *view;
}

Replay Parse(std::string_view text, double speed = 1) {
  ReplayOptions options;
  options.speed = speed;
  return ParseReplay(text, options);
}

std::vector<int64_t> DueTimes(const ReplayedDevice& device) {
  std::vector<int64_t> due;
  for (const ScheduledPublish& message : device.messages) due.push_back(message.due_us);
  return due;
}

constexpr std::string_view kTwoDevices =
    R"({"device":"a","topic":"t/a","payload":{"n":1},"qos":1,"time":"2026-03-10T09:45:00.500Z"}
{"device":"b","topic":"t/b","payload":"21.5","qos":0,"time":"2026-03-10T09:45:01Z"}

{"device":"a","topic":"t/a","payload":{"n":2},"qos":2,"time":"2026-03-10T09:45:03.500Z"}
)";

TEST(ReplayTest, GivesEachDeviceItsLinesInOrder) {
  const Replay replay = Parse(kTwoDevices);
  EXPECT_EQ(replay.lines, 3u);
  EXPECT_EQ(replay.refused, 0u);
  EXPECT_THAT(replay.notes, IsEmpty());
  ASSERT_EQ(replay.devices.size(), 2u);
  EXPECT_EQ(replay.devices[0].name, "a");
  ASSERT_EQ(replay.devices[0].messages.size(), 2u);
  EXPECT_EQ(Decode(replay.devices[0].messages[0].publish).payload, R"({"n":1})");
  EXPECT_EQ(Decode(replay.devices[0].messages[1].publish).payload, R"({"n":2})");
  EXPECT_EQ(replay.devices[0].messages[0].publish.qos, 1);
  EXPECT_EQ(replay.devices[0].messages[1].publish.qos, 2);
  ASSERT_EQ(replay.devices[1].messages.size(), 1u);
  EXPECT_EQ(Decode(replay.devices[1].messages[0].publish).payload, "21.5");
  EXPECT_EQ(replay.devices[1].messages[0].publish.qos, 0);
}

TEST(ReplayTest, IsDueByTheLinesTimesAndTheSpeed) {
  EXPECT_THAT(DueTimes(Parse(kTwoDevices).devices[0]), ElementsAre(0, 3'000'000));
  EXPECT_THAT(DueTimes(Parse(kTwoDevices).devices[1]), ElementsAre(500'000));
  EXPECT_THAT(DueTimes(Parse(kTwoDevices, 10).devices[0]), ElementsAre(0, 300'000));
  EXPECT_THAT(DueTimes(Parse(kTwoDevices, 0.5).devices[0]), ElementsAre(0, 6'000'000));
  EXPECT_EQ(Parse(kTwoDevices).last_due_us, 3'000'000);
  EXPECT_EQ(Parse(kTwoDevices, 0).last_due_us, 0);
}

TEST(ReplayTest, NeverPutsALineBeforeTheOneAboveIt) {
  const Replay replay = Parse(
      R"({"device":"a","topic":"t","payload":1}
{"device":"a","topic":"t","payload":2,"time":"2026-03-10T09:45:05Z"}
{"device":"a","topic":"t","payload":3,"time":"2026-03-10T09:45:07Z"}
{"device":"a","topic":"t","payload":4,"time":"2026-03-10T09:45:06Z"}
{"device":"a","topic":"t","payload":5}
{"device":"a","topic":"t","payload":6,"time":"1965-01-01T00:00:00Z"}
)");
  EXPECT_THAT(DueTimes(replay.devices[0]),
              ElementsAre(0, 0, 2'000'000, 2'000'000, 2'000'000, 2'000'000));
}

TEST(ReplayTest, LeavesOutWhatIsDueTooLate) {
  ReplayOptions options;
  options.seconds = 2;
  const Replay replay = ParseReplay(kTwoDevices, options);
  EXPECT_THAT(DueTimes(replay.devices[0]), ElementsAre(0));
  EXPECT_EQ(replay.left_out, 1u);
  EXPECT_EQ(replay.refused, 0u);
}

TEST(ReplayTest, TakesTheQosAskedFor) {
  ReplayOptions options;
  options.qos = 1;
  const Replay replay = ParseReplay(kTwoDevices, options);
  for (const ReplayedDevice& device : replay.devices) {
    for (const ScheduledPublish& message : device.messages) EXPECT_EQ(message.publish.qos, 1);
  }
}

TEST(ReplayTest, CarriesContentTypeEncodingAndProperties) {
  const Replay replay = Parse(
      R"({"topic":"t","payload":{},"contentType":"application/json","contentEncoding":"utf-8","properties":{"b":"2","a":"ü"}}
{"topic":"t","payload":{},"contentType":""}
{"topic":"t","payload":{},"contentEncoding":"utf-16","twin":{},"systemProperties":{"messageId":"1"}}
)");
  ASSERT_EQ(replay.devices.size(), 1u);
  EXPECT_EQ(replay.devices[0].name, kUnnamedDevice);
  const auto& messages = replay.devices[0].messages;
  const mqtt::PublishView first = Decode(messages[0].publish);
  EXPECT_EQ(first.content_type, "application/json");
  EXPECT_TRUE(first.payload_is_utf8);
  std::vector<std::pair<std::string, std::string>> properties;
  for (const mqtt::Property& property : first.user_properties) {
    properties.emplace_back(property.text, property.value);
  }
  EXPECT_THAT(properties, ElementsAre(testing::Pair("b", "2"), testing::Pair("a", "ü")));
  // Declared and empty is not the same as not declared.
  EXPECT_EQ(Decode(messages[1].publish).content_type, "");
  const mqtt::PublishView third = Decode(messages[2].publish);
  EXPECT_EQ(third.content_type, std::nullopt);
  EXPECT_FALSE(third.payload_is_utf8);
  EXPECT_EQ(replay.untold, 1u);
}

TEST(ReplayTest, RefusesWhatMqttForbidsAndSaysWhere) {
  struct {
    std::string_view line;
    const char* note;
  } const kCases[] = {
      {R"({"topic":"a/+/b","payload":1})",
       "line 1: not sent: MQTT forbids to publish to its topic"},
      {R"({"topic":"a/#","payload":1})", "MQTT forbids"},
      {R"({"topic":"a\u0000b","payload":1})", "MQTT forbids"},
      {R"({"topic":"","payload":1})", "MQTT forbids"},
      {R"({"device":"a/b","topic":"t","payload":1})", "its device is no identity"},
      {R"({"topic":"t","payload":1,"properties":{"a":"\u0000"}})", "MQTT cannot carry it"},
      {R"({"topic":"t","payload":1,"contentType":"\u0000"})", "MQTT cannot carry it"},
      {R"({"topic":"t"})", "line 1: not sent: "},
      {"not json", "line 1: not sent: "},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.line);
    const Replay replay = Parse(c.line);
    EXPECT_EQ(replay.refused, 1u);
    EXPECT_THAT(replay.devices, IsEmpty());
    ASSERT_EQ(replay.notes.size(), 1u);
    EXPECT_THAT(replay.notes[0], HasSubstr(c.note));
  }
}

TEST(ReplayTest, TellsLinesThatAreNoMessagesFromThoseThatMqttForbids) {
  const Replay replay = ParseReplay("nonsense\n{\"topic\":\"a/#\",\"payload\":1}\n", {});
  EXPECT_EQ(replay.refused, 2u);
  EXPECT_EQ(replay.malformed, 1u);
}

TEST(ReplayTest, BoundsItsNotes) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{}\n";
  const Replay replay = Parse(text);
  EXPECT_EQ(replay.refused, 1000u);
  EXPECT_EQ(replay.notes.size(), kMaxNotes + 1);
}

TEST(ReplayTest, ReadsTheWholeCorpus) {
  struct {
    const char* file;
    uint64_t lines;
    size_t devices;
  } const kCases[] = {
      {"plant.jsonl", 19'917, 60}, {"hostile.jsonl", 140, 0}, {"fleet-shapes.jsonl", 310, 0}};
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.file);
    const auto replay = LoadReplay(std::string(SLUICE_TEST_DATA "/corpus/") + c.file, {});
    ASSERT_TRUE(replay.ok()) << replay.status();
    EXPECT_EQ(replay->lines, c.lines);
    uint64_t sent = 0;
    for (const ReplayedDevice& device : replay->devices) sent += device.messages.size();
    EXPECT_EQ(sent + replay->refused, c.lines);
    if (c.devices == 0) continue;
    EXPECT_EQ(replay->refused, 0u);
    EXPECT_EQ(replay->untold, 0u);
    EXPECT_EQ(replay->devices.size(), c.devices);
  }
}

TEST(ReplayTest, SaysThatAFileCannotBeRead) {
  EXPECT_FALSE(LoadReplay("/nonexistent/file.jsonl", {}).ok());
  EXPECT_FALSE(LoadReplay("/", {}).ok());
}

TEST(ReplaySourceTest, HandsOutItsMessagesAsTheyAreDue) {
  Replay replay = Parse(kTwoDevices);
  ReplaySource source(std::move(replay.devices[0].messages), true, std::nullopt);
  EXPECT_EQ(source.Left(0), 2u);
  EXPECT_EQ(source.NextDue(0), 0);
  EXPECT_EQ(source.NextQos(), 1);
  EXPECT_EQ(Decode(source.Take()).payload, R"({"n":1})");
  EXPECT_EQ(source.NextDue(0), 3'000'000);
  EXPECT_EQ(source.NextQos(), 2);
  source.Take();
  EXPECT_EQ(source.NextDue(0), std::nullopt);
  EXPECT_EQ(source.Left(0), 0u);
}

TEST(ReplaySourceTest, EndsAtItsLimitWhereItIsNotPaced) {
  Replay replay = Parse(kTwoDevices, 0);
  ReplaySource source(std::move(replay.devices[0].messages), false, 1'000'000);
  EXPECT_EQ(source.NextDue(999'999), 0);
  EXPECT_EQ(source.NextDue(1'000'000), std::nullopt);
}

}  // namespace
}  // namespace sluice::simulate
