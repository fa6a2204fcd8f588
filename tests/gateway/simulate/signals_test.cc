#include "gateway/simulate/signals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sluice::simulate {
namespace {

using nlohmann::json;

constexpr int64_t kEpochUs = 1'773'135'900'000'000;  // 2026-03-10T09:45:00Z
constexpr int64_t kSecondUs = 1'000'000;

// The telemetry of `seconds` seconds, a reading every half second (debug text left out).
std::vector<json> Telemetry(uint64_t seed, uint32_t index, int seconds,
                            std::vector<double>* at_s = nullptr) {
  Machine machine(seed, index);
  std::vector<json> readings;
  for (int64_t us = 0; us < seconds * kSecondUs; us += kSecondUs / 2) {
    const Reading reading = machine.Read(kEpochUs + us);
    if (reading.is_debug) continue;
    readings.push_back(json::parse(reading.payload));
    if (at_s != nullptr) at_s->push_back(static_cast<double>(us) * 1e-6);
  }
  return readings;
}

std::string Transcript(uint64_t seed, uint32_t index) {
  Machine machine(seed, index);
  std::string text;
  for (int i = 0; i < 200; ++i) {
    const Reading reading = machine.Read(kEpochUs + i * kSecondUs);
    text.append(reading.topic).append(" ").append(reading.payload).append("\n");
  }
  return text;
}

constexpr uint32_t kHealthyPress = 0;
constexpr uint32_t kFaultyPress = 8;
constexpr uint32_t kFaultyVibration = 9;
constexpr uint32_t kFaultyConveyor = 10;
constexpr uint32_t kFaultyOven = 11;

TEST(MachineTest, IsDeterminedBySeedAndIndex) {
  for (uint32_t index = 0; index < 12; ++index) {
    SCOPED_TRACE(index);
    EXPECT_EQ(Transcript(1, index), Transcript(1, index));
    EXPECT_NE(Transcript(1, index), Transcript(2, index));
    EXPECT_NE(Transcript(1, index), Transcript(1, index + 12));
  }
}

TEST(MachineTest, HasTheNameAndTopicOfItsIndex) {
  struct {
    uint32_t index;
    const char* name;
    const char* topic;
  } const kCases[] = {
      {0, "press-01", "plant/line1/press-01/telemetry"},
      {1, "vib-01", "plant/line1/vib-01/telemetry"},
      {2, "conv-01", "plant/line1/conv-01/telemetry"},
      {3, "oven-01", "plant/line1/oven-01/telemetry"},
      {4, "press-02", "plant/line1/press-02/telemetry"},
      {8, "press-03", "plant/line2/press-03/telemetry"},
      {399, "oven-100", "plant/line50/oven-100/telemetry"},
  };
  for (const auto& c : kCases) {
    Machine machine(1, c.index);
    EXPECT_EQ(machine.name(), c.name);
    EXPECT_EQ(MachineName(c.index), c.name);
    EXPECT_EQ(machine.Read(kEpochUs).topic, c.topic);
  }
}

TEST(MachineTest, SpeaksInTheShapesOfTheCorpus) {
  struct {
    uint32_t index;
    std::vector<std::string> members;
  } const kCases[] = {
      {0, {"cycle", "force", "pressure", "seq", "state", "temperature", "ts", "unit"}},
      {1, {"a_peak", "crest", "kurtosis", "rpm", "seq", "temperature", "ts", "unit", "v_rms"}},
      {2, {"current", "items", "jam", "setpoint", "speed", "temperature", "ts", "unit"}},
      {3, {"door", "duty", "temperature", "ts", "unit", "zones"}},
  };
  for (const auto& c : kCases) {
    const json reading = Telemetry(1, c.index, 1).front();
    std::vector<std::string> members;
    for (const auto& [name, value] : reading.items()) members.push_back(name);
    EXPECT_EQ(members, c.members);
  }
  EXPECT_EQ(Telemetry(1, 0, 1).front()["ts"], "2026-03-10T09:45:00.000Z");
}

TEST(MachineTest, HealthyOnesStayBelowEveryThreshold) {
  for (uint32_t index = 0; index < 8; ++index) {
    SCOPED_TRACE(MachineName(index));
    for (const json& reading : Telemetry(7, index, 1800)) {
      if (index % 4 != 3) {
        ASSERT_LT(reading["temperature"], 80);
      }
      ASSERT_LT(reading["temperature"], 200);
      if (index % 4 == 1) {
        ASSERT_LT(reading["v_rms"]["z"], 4.5);
      }
      if (index % 4 == 2) {
        ASSERT_FALSE(reading["jam"].get<bool>());
      }
    }
  }
}

TEST(MachineTest, HealthySignalsMove) {
  std::vector<double> values;
  for (const json& reading : Telemetry(7, kHealthyPress, 600))
    values.push_back(reading["temperature"]);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  EXPECT_GT(*high - *low, 1.0);
  EXPECT_LT(*high - *low, 15.0);
}

// Every faulty machine shows its fault within its planned episodes, and only there.
TEST(MachineTest, ShowsItsFaultInItsEpisodesAlone) {
  struct {
    uint32_t index;
    bool (*is_fault)(const json& reading);
    bool one_sample;  // an episode shows in one sample alone
  } const kCases[] = {
      {kFaultyPress, [](const json& r) { return r["temperature"] > 80 && r["state"] != "running"; },
       false},
      {kFaultyVibration, [](const json& r) { return r["v_rms"]["z"] > 4.5; }, false},
      {kFaultyConveyor, [](const json& r) { return r["jam"].get<bool>() && r["speed"] == 0; },
       false},
      {kFaultyOven, [](const json& r) { return r["temperature"] > 900; }, true},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(MachineName(c.index));
    const Anomaly anomaly = Machine(7, c.index).anomaly();
    ASSERT_GT(anomaly.every_s, 0);
    std::vector<double> at_s;
    const std::vector<json> readings = Telemetry(7, c.index, 300, &at_s);
    size_t faults = 0;
    size_t episodes = 0;
    bool inside = false;
    for (size_t i = 0; i < readings.size(); ++i) {
      const double severity = anomaly.Severity(at_s[i]);
      if (severity > 0 && !inside) ++episodes;
      inside = severity > 0;
      if (!c.is_fault(readings[i])) continue;
      ++faults;
      EXPECT_GT(severity, 0) << at_s[i];
    }
    EXPECT_GE(episodes, 4u);
    if (c.one_sample) {
      EXPECT_EQ(faults, episodes);
    } else {
      EXPECT_GT(faults, episodes);
    }
  }
}

TEST(MachineTest, ConveyorsChatOnTheirDebugTopic) {
  Machine conveyor(1, 2);
  int debug = 0;
  for (int i = 0; i < 10; ++i) {
    const Reading reading = conveyor.Read(kEpochUs + i * kSecondUs);
    EXPECT_EQ(reading.is_debug, reading.topic == "plant/conv-01/debug/plc");
    if (reading.is_debug) {
      ++debug;
      EXPECT_EQ(reading.payload.find("] D plc: scan "), 11u);
    }
  }
  EXPECT_EQ(debug, 5);
}

TEST(MachineTest, FillsEveryPayloadUpToTheSizeAskedFor) {
  for (uint32_t index = 0; index < 12; ++index) {
    for (const uint32_t bytes : {200u, 201u, 205u, 209u, 1024u}) {
      Machine machine(3, index, bytes);
      for (int i = 0; i < 20; ++i) {
        const Reading reading = machine.Read(kEpochUs + i * kSecondUs);
        ASSERT_EQ(reading.payload.size(), bytes) << reading.payload;
        if (!reading.is_debug) {
          ASSERT_TRUE(json::accept(reading.payload)) << reading.payload;
        }
      }
    }
  }
}

TEST(SignalTest, FollowsTheDay) {
  Random random(1);
  Signal signal({20, 0, 0, 5}, random);
  constexpr int64_t kDayStartUs = 1'773'100'800'000'000;  // 2026-03-10T00:00:00Z
  constexpr int64_t kHourUs = 3600 * kSecondUs;
  EXPECT_NEAR(signal.At(kDayStartUs + 3 * kHourUs, random), 15, 1e-6);
  EXPECT_NEAR(signal.At(kDayStartUs + 9 * kHourUs, random), 20, 1e-6);
  EXPECT_NEAR(signal.At(kDayStartUs + 15 * kHourUs, random), 25, 1e-6);
}

TEST(AnomalyTest, RisesStaysAndFalls) {
  const Anomaly anomaly{10, 100, 20};
  struct {
    double at_s;
    double severity;
  } const kCases[] = {{0, 0},    {9.9, 0}, {13, 0.5}, {16, 1},    {20, 1},
                      {27, 0.5}, {30, 0},  {50, 0},   {113, 0.5}, {120, 1}};
  for (const auto& c : kCases) EXPECT_NEAR(anomaly.Severity(c.at_s), c.severity, 1e-9) << c.at_s;
  EXPECT_EQ(Anomaly().Severity(15), 0);
}

TEST(RandomTest, NoiseHasMean0AndDeviation1AndBounds) {
  Random random(42);
  double sum = 0;
  double squares = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const double noise = random.Noise();
    ASSERT_LT(std::abs(noise), 3.4642);
    sum += noise;
    squares += noise * noise;
  }
  EXPECT_NEAR(sum / kCount, 0, 0.02);
  EXPECT_NEAR(squares / kCount, 1, 0.02);
}

}  // namespace
}  // namespace sluice::simulate
