#include "gateway/simulate/tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::simulate {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TallyTest, IsCompleteOnceEverythingIsAnswered) {
  struct {
    const char* what;
    uint64_t confirmable, acknowledged, refused, waiting, unsent;
    bool complete;
  } const kCases[] = {
      {"nothing was to be sent", 0, 0, 0, 0, 0, true},
      {"all acknowledged", 5, 5, 0, 0, 0, true},
      {"a refusal is an answer", 5, 3, 2, 0, 0, true},
      {"one waits", 5, 4, 0, 1, 0, false},
      {"one was never sent", 5, 5, 0, 0, 1, false},
      {"one is unaccounted for", 5, 4, 0, 0, 0, false},
  };
  for (const auto& c : kCases) {
    Tally tally;
    tally.confirmable = c.confirmable;
    tally.acknowledged = c.acknowledged;
    tally.refused = c.refused;
    tally.waiting = c.waiting;
    tally.unsent = c.unsent;
    EXPECT_EQ(Complete(tally), c.complete) << c.what;
  }
}

TEST(TallyTest, IsNotCompleteWhereLinesWereNoMessages) {
  Tally tally;
  tally.refused_locally = 2;
  EXPECT_TRUE(Complete(tally));
  tally.malformed = 1;
  EXPECT_FALSE(Complete(tally));
  EXPECT_THAT(Summary(tally), HasSubstr("malformed             1  lines are no messages\n"));
}

TEST(TallyTest, SummaryNamesEachFigureOnALineOfItsOwn) {
  Tally tally;
  tally.sent = 1500;
  tally.confirmable = 1000;
  tally.acknowledged = 990;
  tally.refused = 10;
  tally.refused_locally = 2;
  tally.refusals["by the server: 0x87 not authorized"] = 10;
  tally.seconds = 3;
  tally.reconnects = 4;
  tally.resent = 7;
  for (int i = 0; i < 990; ++i) tally.latency.Add(2'000);
  const std::string summary = Summary(tally);
  EXPECT_THAT(summary,
              HasSubstr("sent               1500  500 a second over 3.00 s, 1000 at QoS 1 or 2\n"));
  EXPECT_THAT(summary, HasSubstr("acknowledged        990  of 1000\n"));
  EXPECT_THAT(summary, HasSubstr("refused              12\n"));
  EXPECT_THAT(summary, HasSubstr("        10  by the server: 0x87 not authorized\n"));
  EXPECT_THAT(summary, HasSubstr("latency      p50 2.00 ms  p99 2.00 ms  max 2.00 ms\n"));
  EXPECT_THAT(summary, HasSubstr("reconnects            4  7 messages sent again\n"));
  EXPECT_THAT(summary, Not(HasSubstr("missing")));
}

TEST(TallyTest, SummarySaysWhatIsMissing) {
  Tally tally;
  tally.sent = tally.confirmable = 3;
  tally.waiting = 3;
  EXPECT_THAT(Summary(tally), HasSubstr("missing               3  acknowledgements\n"));
}

TEST(TallyTest, FormatsDurationsToThreeFigures) {
  EXPECT_EQ(FormatMicroseconds(120), "0.12 ms");
  EXPECT_EQ(FormatMicroseconds(35'040), "35.0 ms");
  EXPECT_EQ(FormatMicroseconds(2'100'000), "2.10 s");
}

}  // namespace
}  // namespace sluice::simulate
