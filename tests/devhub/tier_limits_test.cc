#include "tests/devhub/tier_limits.h"

#include <gtest/gtest.h>

namespace sluice::devhub {
namespace {

// How often `take` passes at one moment, at most 100,000 times.
template <typename Take>
int Passes(const Take& take) {
  int passed = 0;
  while (passed < 100'000 && take()) ++passed;
  return passed;
}

TEST(TierLimitsTest, FollowTheTable) {
  const struct {
    const char* tier;
    uint32_t units;
    int twin_reads;
    int twin_updates;
    int cloud_messages;
    int method_steps;
  } kCases[] = {
      {"F1", 1, 100, 50, 100, 40},        {"S1", 1, 100, 50, 100, 40},
      {"S1", 200, 100, 50, 20'000, 8000}, {"S2", 1, 100, 50, 100, 120},
      {"S2", 20, 200, 100, 2000, 2400},   {"S3", 2, 1000, 500, 10'000, 12'288},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.tier << " x " << c.units);
    TierLimits limits(*FindTier(c.tier), c.units);
    EXPECT_EQ(Passes([&] { return limits.TakeTwinRead(0); }), c.twin_reads);
    EXPECT_EQ(Passes([&] { return limits.TakeTwinUpdate(0); }), c.twin_updates);
    EXPECT_EQ(Passes([&] { return limits.TakeCloudMessage(0); }), c.cloud_messages);
    EXPECT_EQ(Passes([&] { return limits.TakeMethod(0, 0); }), c.method_steps);
  }
}

TEST(TierLimitsTest, SendsAndConnectsWaitBeforeTheyAreRefused) {
  TierLimits limits(*FindTier("S1"), 1);
  EXPECT_EQ(Passes([&] { return limits.TakeSend(0) == 0; }), 100);
  EXPECT_EQ(limits.TakeSend(0), 20'000);
  EXPECT_EQ(Passes([&] { return limits.TakeSend(0).has_value(); }), 1000 - 2);
  EXPECT_EQ(Passes([&] { return limits.TakeConnect(0).has_value(); }), 100 + 6000);
}

TEST(TierLimitsTest, MethodsCountInStepsOf4Kilobytes) {
  TierLimits limits(*FindTier("S1"), 1);
  EXPECT_EQ(Passes([&] { return limits.TakeMethod(128 << 10, 0); }), 1);  // 32 of 40 steps
}

}  // namespace
}  // namespace sluice::devhub
