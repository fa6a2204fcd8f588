// What is said of reducers. That it is what they do, every test of the fixture checks.
#include "filters/reduce/explain.h"

#include <gmock/gmock.h>

#include "tests/filters/reduce/engine_fixture.h"

namespace sluice::reduce {
namespace {

class ExplainReducersTest : public EngineTest {
 protected:
  // Of the only rule's last reducer; then the message runs. A name is put before its reason.
  std::string Explain(double seconds, const std::string& body) {
    const std::string payload = body + std::string(language::kPayloadSlack, ' ');
    language::MessageView view;
    view.device = "d";
    view.topic = "t";
    view.payload = std::string_view(payload).substr(0, body.size());
    view.time_us = std::llround(seconds * static_cast<double>(kSecond));
    const std::vector<RuleEngine::Explained> explained = engine_->Explain(view);
    engine_->Run(view);
    const ExplainedReducer& last = explained.at(0).reduction.reducers.back();
    state_.clear();
    for (const auto& [name, value] : last.state)
      state_ += (state_.empty() ? "" : " ") + std::string(name) + "=" + value;
    return std::string(last.name) + (last.passes ? " passes: " : " holds: ") + last.reason;
  }

  std::string state_;  // of the reducer that Explain told of
};

TEST_F(ExplainReducersTest, OnChangeTellsTheLastThatPassedAndTheDistance) {
  Start({Rule().OnChange("$body.v", "0.5", 60'000)});
  EXPECT_EQ(Explain(0, R"({"v":20})"), "on_change passes: 20 is the first value here");
  EXPECT_EQ(state_, "value=20");
  EXPECT_EQ(Explain(12.5, R"({"v":20.25})"),
            "on_change holds: 20.25 differs from 20, which last passed, by 0.25, less than 0.5; "
            "the last passed 12.5s ago, less than max_silence 1m");
  EXPECT_EQ(state_,
            "value=20.25 passed_seconds_ago=12.5 last=20 difference=0.25 by=\"0.5\" "
            "max_silence_seconds=60");
  EXPECT_EQ(Explain(61, R"({"v":20})"),
            "on_change passes: 20 is what last passed; the last passed 1m1s ago, no less than "
            "max_silence 1m");
  EXPECT_EQ(Explain(61.25, R"({"v":21})"),
            "on_change passes: 21 differs from 20, which last passed, by 1, at least 0.5; the last "
            "passed 250ms ago");
  EXPECT_EQ(Explain(62, R"({})"), "on_change holds: undefined is held");
  EXPECT_EQ(Explain(63, R"({"v":"on"})"),
            "on_change passes: 'on' is no number, and 21 last passed; the last passed 1.75s ago");
  EXPECT_EQ(Explain(64, R"({"v":"on"})"),
            "on_change holds: 'on' is what last passed; the last passed 1s ago, less than "
            "max_silence 1m");
  EXPECT_EQ(Explain(65, R"({"v":{"a":1}})"),
            "on_change passes: an object is not what last passed; the last passed 2s ago");
  EXPECT_EQ(Explain(7265, R"({"v":1})"),
            "on_change passes: 1 is a number, what last passed is none; the last passed 2h ago");
}

TEST_F(ExplainReducersTest, AShareIsWrittenAsOne) {
  Start({Rule().OnChange("$body.v", "5%")});
  Explain(0, R"({"v":100})");
  EXPECT_EQ(Explain(1, R"({"v":104})"),
            "on_change holds: 104 differs from 100, which last passed, by 4, less than 5%; the "
            "last passed 1s ago");
}

TEST_F(ExplainReducersTest, DedupTellsWhenTheBodyPassed) {
  Start({Rule().Dedup(30'000)});
  EXPECT_EQ(Explain(0, "x"), "dedup passes: no such body has passed here in the last 30s");
  EXPECT_EQ(Explain(12, "x"), "dedup holds: this body passed here 12s ago, less than 30s");
  EXPECT_EQ(state_, "period_seconds=30 passed_seconds_ago=12");
  EXPECT_EQ(Explain(30, "x"), "dedup passes: this body passed here 30s ago, no less than 30s");
}

TEST_F(ExplainReducersTest, SampleTellsThePlaceInItsRow) {
  Start({Rule().Sample(2)});
  EXPECT_EQ(Explain(0, "x"), "sample passes: message 1 of 2, of which the first passes");
  EXPECT_EQ(Explain(1, "x"), "sample holds: message 2 of 2, of which the first passes");
  EXPECT_EQ(state_, "position=2 of=2");
}

TEST_F(ExplainReducersTest, RateTellsTheRoomInTheBucket) {
  Start({Rule().Rate("2/s")});
  EXPECT_EQ(Explain(0, "x"), "rate passes: the bucket of 2 has room for 2");
  EXPECT_EQ(Explain(0, "x"), "rate passes: the bucket of 2 has room for 1");
  EXPECT_EQ(Explain(0.25, "x"),
            "rate holds: the bucket of 2 has room for 0.5, for the next one in 250ms");
  EXPECT_EQ(state_, "room=0.5 bucket=2 room_in_seconds=0.25");
  EXPECT_EQ(Explain(0.5, "x"), "rate passes: the bucket of 2 has room for 1");
}

TEST_F(ExplainReducersTest, WindowTellsWhatItHasSoFar) {
  Start({Rule().Window(10'000, {{"n", "COUNT()"}, {"max", "MAX($body.v)"}})});
  EXPECT_EQ(Explain(1, R"({"v":7})"),
            "window holds: the first message of the window 1970-01-01T00:00:00Z to "
            "1970-01-01T00:00:10Z");
  EXPECT_EQ(Explain(2, R"({"v":9})"),
            "window holds: goes into the window 1970-01-01T00:00:00Z to 1970-01-01T00:00:10Z, so "
            "far {\"n\":1,\"max\":7}");
  EXPECT_EQ(state_,
            "from=\"1970-01-01T00:00:00Z\" to=\"1970-01-01T00:00:10Z\" "
            "so_far={\"n\":1,\"max\":7}");
}

}  // namespace
}  // namespace sluice::reduce
