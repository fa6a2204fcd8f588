#include "gateway/operate/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::operate {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Logged(const LogOptions& options, std::string_view value) {
  SetUpLog(options);
  testing::internal::CaptureStderr();
  Log(LogLevel::kInfo, "connection_refused", "no client certificate", {{"identity", value}});
  return testing::internal::GetCapturedStderr();
}

TEST(LogTest, ADeviceCannotForgeALine) {
  const std::string line = Logged({}, "x\n2026-01-01 info all_fine: \x1b[2J");
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_THAT(line, HasSubstr("\\u000a"));
  EXPECT_THAT(line, HasSubstr("\\u001b"));
}

TEST(LogTest, EscapesWhatIsNoUtf8AndKeepsWhatIs) {
  EXPECT_THAT(Logged({.json = true}, "a\xff\xed\xa0\x80"),
              HasSubstr("a\\u00ff\\u00ed\\u00a0\\u0080"));
  EXPECT_THAT(Logged({.json = true}, "Zürich"), HasSubstr("Zürich"));
  EXPECT_THAT(Logged({.json = true}, "\xc2\x9b"), HasSubstr("\\u009b"));
}

TEST(LogTest, CutsLongValuesBetweenCharacters) {
  const std::string line =
      Logged({.json = true}, std::string(255, 'a') + "ü" + std::string(1000, 'b'));
  EXPECT_THAT(line, HasSubstr("a...\""));
  EXPECT_THAT(line, Not(HasSubstr("bb")));
}

TEST(LogTest, HoldsBackWhatIsBelowTheLevel) {
  EXPECT_EQ(Logged({.level = LogLevel::kWarning}, "x"), "");
}

TEST(LogLimiterTest, LetsABurstThroughThenTheRateAndCountsTheRest) {
  LogLimiter limiter(/*per_second=*/2, /*burst=*/3);
  int64_t now_us = 1'000'000;
  int admitted = 0;
  for (int i = 0; i < 10; ++i) admitted += limiter.Admit(now_us) ? 1 : 0;
  EXPECT_EQ(admitted, 3);
  EXPECT_EQ(limiter.TakeSuppressed(), 7u);
  EXPECT_TRUE(limiter.Admit(now_us + 500'000));
  EXPECT_FALSE(limiter.Admit(now_us + 500'000));
  EXPECT_EQ(limiter.TakeSuppressed(), 1u);
}

TEST(LogLimiterTest, AClockThatIsSetBackDoesNotSilenceIt) {
  LogLimiter limiter(/*per_second=*/1, /*burst=*/1);
  EXPECT_TRUE(limiter.Admit(3'600'000'000));
  EXPECT_FALSE(limiter.Admit(5'000'000));
  EXPECT_TRUE(limiter.Admit(6'000'000));
}

}  // namespace
}  // namespace sluice::operate
