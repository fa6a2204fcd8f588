#include "gateway/uplink/metering.h"

#include <gtest/gtest.h>

namespace sluice::uplink {
namespace {

TEST(MeteringTest, CountsStartedBlocks) {
  struct {
    uint64_t bytes;
    uint64_t blocks;
  } const kCases[] = {{0, 1}, {1, 1}, {100, 1}, {4096, 1}, {4097, 2}, {6'144, 2}, {262'144, 64}};
  for (const auto& c : kCases) EXPECT_EQ(BlocksOf(c.bytes), c.blocks) << c.bytes;
  EXPECT_EQ(BlocksOf(513, 512), 2u) << "the free tier's half-kilobyte blocks";
}

}  // namespace
}  // namespace sluice::uplink
