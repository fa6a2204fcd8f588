#include "tests/devhub/faults.h"

#include <gtest/gtest.h>

namespace sluice::devhub {
namespace {

constexpr int64_t kSecond = 1'000'000;

TEST(ThrottleTest, BurstThenRateThenRefusal) {
  Throttle throttle(10, 3, kSecond / 2);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(throttle.Take(0), 0) << i;
  for (int i = 1; i <= 5; ++i) EXPECT_EQ(throttle.Take(0), i * kSecond / 10) << i;
  EXPECT_EQ(throttle.Take(0), std::nullopt);
  EXPECT_EQ(throttle.Take(0), std::nullopt);  // a refused send takes no place
  EXPECT_EQ(throttle.Take(kSecond / 10), kSecond / 2);
}

TEST(ThrottleTest, RestRefillsTheBurstAndNoMore) {
  Throttle throttle(10, 3, 0);
  const int64_t later = 100 * kSecond;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(throttle.Take(later), 0) << i;
  EXPECT_EQ(throttle.Take(later), std::nullopt);
}

TEST(FaultsTest, NoneByDefault) {
  Faults faults;
  const Faults::Fate fate = faults.OnPublish("d", 0);
  EXPECT_EQ(fate.delay_us, 0);
  EXPECT_TRUE(fate.acknowledge);
  EXPECT_TRUE(fate.store);
  EXPECT_EQ(fate.close, nullptr);
}

TEST(FaultsTest, CountDeviceAndTimeLimitIt) {
  Faults faults;
  Fault fault;
  fault.kind = Fault::Kind::kNoAck;
  fault.client_id = "d";
  fault.count = 2;
  fault.until_us = kSecond;
  faults.Set(fault);
  EXPECT_TRUE(faults.OnPublish("other", 0).acknowledge);
  EXPECT_FALSE(faults.OnPublish("d", 0).acknowledge);
  EXPECT_FALSE(faults.OnPublish("d", 0).acknowledge);
  EXPECT_TRUE(faults.OnPublish("d", 0).acknowledge);
  faults.Set(fault);
  EXPECT_FALSE(faults.OnPublish("d", kSecond - 1).acknowledge);
  EXPECT_TRUE(faults.OnPublish("d", kSecond).acknowledge);
  EXPECT_EQ(faults.size(), 0u);
}

TEST(FaultsTest, DisconnectAfter) {
  Faults faults;
  Fault fault;
  fault.kind = Fault::Kind::kDisconnect;
  fault.after = 2;
  fault.count = 1;
  faults.Set(fault);
  EXPECT_EQ(faults.OnPublish("d", 0).close, nullptr);
  EXPECT_EQ(faults.OnPublish("d", 0).close, nullptr);
  EXPECT_EQ(faults.OnPublish("d", 0).close, &kServiceUpgrade);
  EXPECT_EQ(faults.OnPublish("d", 0).close, nullptr);
}

TEST(FaultsTest, SameKindAndDeviceIsReplaced) {
  Faults faults;
  Fault fault;
  fault.delay_us = 5;
  faults.Set(fault);
  fault.delay_us = 7;
  faults.Set(fault);
  EXPECT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults.OnPublish("d", 0).delay_us, 7);
  fault.client_id = "d";
  faults.Set(fault);
  EXPECT_EQ(faults.size(), 2u);
  faults.Clear();
  EXPECT_EQ(faults.OnPublish("d", 0).delay_us, 0);
}

}  // namespace
}  // namespace sluice::devhub
