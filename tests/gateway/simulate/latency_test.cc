#include "gateway/simulate/latency.h"

#include <gtest/gtest.h>

namespace sluice::simulate {
namespace {

TEST(LatencyHistogramTest, IsExactBelow64Microseconds) {
  LatencyHistogram histogram;
  for (int64_t us = 1; us <= 60; ++us) histogram.Add(us);
  EXPECT_EQ(histogram.Quantile(0.5), 30);
  EXPECT_EQ(histogram.Quantile(1), 60);
  EXPECT_EQ(histogram.max_us(), 60);
}

TEST(LatencyHistogramTest, IsNeverBelowAndAtMostOneSlotAboveTheTrueQuantile) {
  for (const int64_t scale : {1, 37, 1'000, 123'456, 7'000'000}) {
    SCOPED_TRACE(scale);
    LatencyHistogram histogram;
    for (int64_t i = 1; i <= 1000; ++i) histogram.Add(i * scale);
    for (const double quantile : {0.01, 0.5, 0.9, 0.99, 0.999}) {
      const double exact = quantile * 1000 * static_cast<double>(scale);
      const auto found = static_cast<double>(histogram.Quantile(quantile));
      EXPECT_GE(found, exact - 1) << quantile;
      EXPECT_LE(found, exact * (1 + 1.0 / 64) + 1) << quantile;
    }
    EXPECT_EQ(histogram.Quantile(1), 1000 * scale);
  }
}

TEST(LatencyHistogramTest, TakesWhatNoClockShouldSay) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.Quantile(0.99), 0);
  histogram.Add(-5);
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  histogram.Add(INT64_MAX);
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.max_us(), INT64_MAX);
}

TEST(LatencyHistogramTest, MergesAsIfAllHadBeenAddedToOne) {
  LatencyHistogram one;
  LatencyHistogram other;
  LatencyHistogram all;
  for (int64_t us = 0; us < 5000; us += 7) {
    (us % 2 == 0 ? one : other).Add(us);
    all.Add(us);
  }
  one.Merge(other);
  EXPECT_EQ(one.count(), all.count());
  EXPECT_EQ(one.max_us(), all.max_us());
  for (const double quantile : {0.1, 0.5, 0.99})
    EXPECT_EQ(one.Quantile(quantile), all.Quantile(quantile));
}

}  // namespace
}  // namespace sluice::simulate
