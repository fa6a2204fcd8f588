#include "tests/devhub/metering.h"

#include <gtest/gtest.h>

namespace sluice::devhub {
namespace {

TEST(MeteringTest, Blocks) {
  struct {
    std::string_view tier;
    size_t bytes;
    uint64_t blocks;
  } const kCases[] = {
      {"S1", 0, 1},    {"S1", 100, 1},      {"S1", 4096, 1}, {"S1", 4097, 2},
      {"S1", 6144, 2}, {"S1", 262'144, 64}, {"B3", 4097, 2}, {"F1", 0, 1},
      {"F1", 512, 1},  {"F1", 513, 2},      {"F1", 4096, 8},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.tier << " " << c.bytes);
    EXPECT_EQ(Blocks(*FindTier(c.tier), c.bytes), c.blocks);
  }
}

TEST(MeteringTest, TierLimits) {
  EXPECT_EQ(FindTier("S4"), nullptr);
  EXPECT_EQ(FindTier("s1"), nullptr);
  EXPECT_EQ(FindTier("F1")->blocks_per_day, 8'000u);
  EXPECT_EQ(SendsPerSecond(*FindTier("S1"), 1), 100u);
  EXPECT_EQ(SendsPerSecond(*FindTier("S1"), 10), 120u);  // max(100, 12 a unit)
  EXPECT_EQ(SendsPerSecond(*FindTier("S2"), 1), 120u);
  EXPECT_EQ(SendsPerSecond(*FindTier("S3"), 10), 60'000u);
}

}  // namespace
}  // namespace sluice::devhub
