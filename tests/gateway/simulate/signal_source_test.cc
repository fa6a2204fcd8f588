#include "gateway/simulate/signal_source.h"

#include <gtest/gtest.h>

#include <vector>

#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/publish.h"

namespace sluice::simulate {
namespace {

constexpr int64_t kEpochUs = 1'773'135'900'000'000;
constexpr int64_t kSecondUs = 1'000'000;

mqtt::PublishView Decode(const EncodedPublish& publish) {
  const mqtt::Frame frame = mqtt::NextFrame(publish.bytes, publish.bytes.size());
  EXPECT_TRUE(frame.complete());
  const auto view =
      mqtt::DecodePublish(mqtt::Version::k5, mqtt::Sender::kClient, frame.flags, frame.body);
  EXPECT_TRUE(view.ok());
  return *view;
}

TEST(SteadySourceTest, IsDueAtItsRateFromItsPhaseUntilTheEnd) {
  SteadySource::Options options;
  options.rate = 4;
  options.phase_us = 100'000;
  options.until_us = 2 * kSecondUs;
  options.epoch_us = kEpochUs;
  SteadySource source(Machine(1, 0), options);
  std::vector<int64_t> due;
  while (const auto next = source.NextDue(0)) {
    due.push_back(*next);
    source.Take();
  }
  EXPECT_EQ(due, (std::vector<int64_t>{100'000, 350'000, 600'000, 850'000, 1'100'000, 1'350'000,
                                       1'600'000, 1'850'000}));
}

TEST(SteadySourceTest, HasLeftWhatIsDueAndNotTaken) {
  SteadySource::Options options;
  options.rate = 4;
  options.until_us = kSecondUs;
  SteadySource source(Machine(1, 0), options);
  EXPECT_EQ(source.Left(-1), 0u);
  EXPECT_EQ(source.Left(0), 1u);
  EXPECT_EQ(source.Left(600'000), 3u);
  EXPECT_EQ(source.Left(60 * kSecondUs), 4u);
  source.Take();
  EXPECT_EQ(source.Left(60 * kSecondUs), 3u);
}

TEST(SteadySourceTest, DoesNotDriftAtARateThatDividesNoSecond) {
  SteadySource::Options options;
  options.rate = 3;
  options.until_us = INT64_MAX;
  SteadySource source(Machine(1, 0), options);
  for (int i = 0; i < 30'000; ++i) source.Take();
  EXPECT_EQ(source.NextDue(0), 10'000 * kSecondUs);
}

TEST(SteadySourceTest, EncodesTheMachinesReadings) {
  SteadySource::Options options;
  options.until_us = INT64_MAX;
  options.epoch_us = kEpochUs;
  options.qos = 1;
  SteadySource source(Machine(1, 0), options);
  Machine same(1, 0);
  const Reading reading = same.Read(kEpochUs);
  const mqtt::PublishView view = Decode(source.Take());
  EXPECT_EQ(view.topic, reading.topic);
  EXPECT_EQ(view.payload, reading.payload);
  EXPECT_EQ(view.content_type, "application/json");
  EXPECT_TRUE(view.payload_is_utf8);
  EXPECT_EQ(view.qos, 1);
}

TEST(BackToBackSourceTest, IsAlwaysDueUntilItsEndAndTurnsInARing) {
  BackToBackSource source(Machine(1, 1), 0, kEpochUs, kSecondUs, 3);
  EXPECT_FALSE(source.paced());
  std::vector<std::string> first;
  first.reserve(3);
  for (int i = 0; i < 3; ++i) first.push_back(source.Take().bytes);
  EXPECT_NE(first[0], first[1]);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(source.Take().bytes, first[static_cast<size_t>(i)]);
  EXPECT_EQ(source.NextDue(kSecondUs - 1), 0);
  EXPECT_EQ(source.NextDue(kSecondUs), std::nullopt);
}

}  // namespace
}  // namespace sluice::simulate
