#include "gateway/cloud/twin_sync.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sluice::cloud {
namespace {

using namespace std::chrono_literals;

class TwinSyncTest : public testing::Test {
 protected:
  TwinSyncTest() { options_.report_interval = 1h; }

  TwinSync& twin() {
    if (!twin_)
      twin_.emplace(
          options_, [] { return 0.5; }, [this] { return report_; });
    return *twin_;
  }
  // What it sends now: "read 1", "report 2 BODY", or "".
  std::string Sent() {
    uplink::DownlinkMessage message;
    if (!twin().Next(now_, &message)) return "";
    EXPECT_GT(twin().NextWake(), now_) << "it would spin";
    const std::string id = message.topic.substr(message.topic.rfind('=') + 1);
    if (message.topic == "$iothub/twin/GET/?$rid=" + id) return "read " + id;
    EXPECT_EQ(message.topic, "$iothub/twin/PATCH/properties/reported/?$rid=" + id);
    return "report " + id + " " + message.payload;
  }
  void Answer(int status, const std::string& id, const std::string& payload = "") {
    twin().OnAnswer(status, id, payload, now_);
  }
  // Up to a twin of `version`, read and reported: two requests.
  void GetInStep(uint64_t version = 3) {
    twin().OnUp(now_);
    EXPECT_EQ(Sent(), "read 1");
    Answer(200, "1", Twin(version));
    EXPECT_EQ(Sent(), "report 2 {}");
    Answer(204, "2");
    twin().TakeDesired();
    EXPECT_EQ(Sent(), "");
  }
  static std::string Twin(uint64_t version, const std::string& section = "{\"a\":1}") {
    return R"({"desired":{"other":[{}],"sluice":)" + section + R"(,"$version":)" +
           std::to_string(version) + R"(},"reported":{"$version":9}})";
  }

  TwinSync::Options options_;
  TwinSync::TimePoint now_{1h};
  std::string report_ = "{}";
  std::optional<TwinSync> twin_;
};

TEST_F(TwinSyncTest, ReadsOnEachConnectionAndThenReports) {
  EXPECT_EQ(Sent(), "") << "not connected";
  twin().OnUp(now_);
  EXPECT_EQ(Sent(), "read 1");
  EXPECT_EQ(Sent(), "") << "one request at a time";
  EXPECT_FALSE(twin().TakeDesired());
  Answer(200, "1", Twin(3));
  const std::optional<Desired> desired = twin().TakeDesired();
  ASSERT_TRUE(desired);
  EXPECT_EQ(desired->version, 3u);
  EXPECT_EQ(desired->section, R"({"a":1})");
  EXPECT_FALSE(twin().TakeDesired());
  report_ = R"({"x":1})";
  EXPECT_EQ(Sent(), R"(report 2 {"x":1})");
  Answer(204, "2");

  twin().OnDown();
  EXPECT_EQ(Sent(), "");
  twin().OnUp(now_);
  EXPECT_EQ(Sent(), "read 3");
  Answer(200, "3", Twin(4));
  EXPECT_EQ(Sent(), "") << "what was reported needs no repetition";
}

TEST_F(TwinSyncTest, AnEmptySectionIsNone) {
  for (const char* payload :
       {R"({"desired":{"$version":1},"reported":{}})",
        R"({"reported":{"sluice":{}},"desired":{"sluice":null,"$version":1}})"}) {
    twin_.reset();
    twin().OnUp(now_);
    EXPECT_EQ(Sent(), "read 1");
    Answer(200, "1", payload);
    const std::optional<Desired> desired = twin().TakeDesired();
    ASSERT_TRUE(desired) << payload;
    EXPECT_EQ(desired->section, "");
  }
}

TEST_F(TwinSyncTest, AChangeIsReadOnceHoweverManyTellOfIt) {
  GetInStep(3);
  twin().OnDesiredChange(3);
  EXPECT_EQ(Sent(), "") << "known";
  twin().OnDesiredChange(4);
  EXPECT_EQ(Sent(), "") << "two readings stand a moment apart";
  EXPECT_EQ(twin().NextWake(), now_ + 1s);
  now_ += 1s;
  EXPECT_EQ(Sent(), "read 3");
  twin().OnDesiredChange(6);
  twin().OnDesiredChange(5);
  Answer(200, "3", Twin(6));
  EXPECT_EQ(twin().TakeDesired()->version, 6u);
  now_ += 1s;
  EXPECT_EQ(Sent(), "read 4") << "it had been asked before 6 was told";
  Answer(200, "4", Twin(6));
  EXPECT_EQ(Sent(), "");
}

TEST_F(TwinSyncTest, AnAnswerOlderThanWhatWasToldIsAskedForAgain) {
  GetInStep(3);
  twin().OnDesiredChange(5);
  now_ += 1s;
  EXPECT_EQ(Sent(), "read 3");
  Answer(200, "3", Twin(4));
  EXPECT_FALSE(twin().TakeDesired());
  EXPECT_EQ(Sent(), "") << "not at once";
  now_ += 5s;
  EXPECT_EQ(Sent(), "read 4");
}

TEST_F(TwinSyncTest, WhatWasMissedIsReadAgain) {
  GetInStep();
  twin().OnMissed();
  now_ += 1s;
  EXPECT_EQ(Sent(), "read 3");
}

TEST_F(TwinSyncTest, ATwinThatWasMadeAnewCountsFromOneAgain) {
  GetInStep(300);
  twin().OnDown();
  twin().OnUp(now_);
  EXPECT_EQ(Sent(), "read 3");
  Answer(200, "3", Twin(1));
  EXPECT_EQ(twin().TakeDesired()->version, 1u);
}

TEST_F(TwinSyncTest, RefusalsAndSilenceAreWaitedOutLongerAndLonger) {
  twin().OnUp(now_);
  EXPECT_EQ(Sent(), "read 1");
  Answer(429, "1");
  EXPECT_EQ(Sent(), "");
  EXPECT_EQ(twin().NextWake(), now_ + 5s);
  now_ += 5s;
  EXPECT_EQ(Sent(), "read 2");
  Answer(500, "2");
  EXPECT_EQ(twin().NextWake(), now_ + 10s);
  now_ += 10s;
  EXPECT_EQ(Sent(), "read 3");
  EXPECT_EQ(twin().NextWake(), now_ + 30s);
  now_ += 30s;
  EXPECT_EQ(Sent(), "") << "unanswered";
  Answer(200, "3", Twin(1));
  EXPECT_FALSE(twin().TakeDesired()) << "too late";
  now_ += 20s;
  EXPECT_EQ(Sent(), "read 4");
}

TEST_F(TwinSyncTest, WhatIsNoTwinIsAskedForAgain) {
  for (const char* payload : {"", "[]", "{}", R"({"desired":[]})", R"({"desired":{"sluice":1}})",
                              R"({"desired":{"$version":"1"}})", R"({"desired":{"$version":-1}})",
                              R"({"desired":{"$version":1})", R"({"desired":{"$version":1}} x)"}) {
    SCOPED_TRACE(payload);
    twin_.reset();
    twin().OnUp(now_);
    EXPECT_EQ(Sent(), "read 1");
    Answer(200, "1", payload);
    EXPECT_FALSE(twin().TakeDesired());
    now_ += 5s;
    EXPECT_EQ(Sent(), "read 2");
  }
}

TEST_F(TwinSyncTest, NewsIsReportedAtOnceAndCountersByTheInterval) {
  GetInStep();
  EXPECT_EQ(twin().NextWake(), now_ + 1h);
  now_ += 10s;
  twin().ReportSoon();
  EXPECT_EQ(Sent(), "report 3 {}");
  Answer(204, "3");
  twin().ReportSoon();
  EXPECT_EQ(Sent(), "") << "two reports stand a moment apart";
  now_ += 1s;
  EXPECT_EQ(Sent(), "report 4 {}");
  Answer(204, "4");
  now_ += 1h - 1ms;
  EXPECT_EQ(Sent(), "");
  now_ += 1ms;
  EXPECT_EQ(Sent(), "report 5 {}");
}

TEST_F(TwinSyncTest, WithoutAnIntervalOnlyNewsIsReported) {
  options_.report_interval = 0ms;
  GetInStep();
  EXPECT_EQ(twin().NextWake(), TwinSync::TimePoint::max());
}

TEST_F(TwinSyncTest, AReportThatMayNotHaveArrivedIsMadeAgain) {
  GetInStep();
  now_ += 10s;
  twin().ReportSoon();
  EXPECT_EQ(Sent(), "report 3 {}");
  twin().OnDown();
  twin().OnUp(now_);
  EXPECT_EQ(Sent(), "read 4");
  Answer(200, "4", Twin(3));
  now_ += 1s;
  EXPECT_EQ(Sent(), "report 5 {}");
  Answer(429, "5");
  EXPECT_EQ(Sent(), "");
  now_ += 5s;
  EXPECT_EQ(Sent(), "report 6 {}");
}

TEST_F(TwinSyncTest, AReportThatIsWrongIsNotRepeated) {
  GetInStep();
  now_ += 10s;
  twin().ReportSoon();
  EXPECT_EQ(Sent(), "report 3 {}");
  Answer(400, "3");
  now_ += 10min;
  EXPECT_EQ(Sent(), "");
}

TEST_F(TwinSyncTest, AnswersToNobodyChangeNothing) {
  GetInStep();
  Answer(200, "2", Twin(9));
  Answer(200, "77", Twin(9));
  EXPECT_FALSE(twin().TakeDesired());
}

}  // namespace
}  // namespace sluice::cloud
