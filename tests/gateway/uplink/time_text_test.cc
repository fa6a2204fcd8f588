#include "gateway/uplink/time_text.h"

#include <gtest/gtest.h>

#include <string_view>

namespace sluice::uplink {
namespace {

TEST(TimeTextTest, WritesRfc3339) {
  struct {
    int64_t time_us;
    std::string_view text;
  } const kCases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {1'893'456'000'000'000, "2030-01-01T00:00:00.000Z"},
      {1'893'456'000'123'999, "2030-01-01T00:00:00.123Z"},  // the same second again
      {1'709'164'799'999'999, "2024-02-28T23:59:59.999Z"},
      {1'709'164'800'007'000, "2024-02-29T00:00:00.007Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
  };
  TimeText text;
  for (const auto& c : kCases) EXPECT_EQ(text.Format(c.time_us), c.text);
}

}  // namespace
}  // namespace sluice::uplink
