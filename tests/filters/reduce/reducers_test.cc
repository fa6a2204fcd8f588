#include "filters/reduce/reducers.h"

#include <gmock/gmock.h>

#include "tests/filters/reduce/engine_fixture.h"

namespace sluice::reduce {
namespace {

using testing::ElementsAre;

class ReducersTest : public EngineTest {};

struct Step {
  double seconds;
  const char* body;
  const char* result;
  const char* device = "d";
  const char* topic = "t";
};

struct Case {
  const char* what;
  Rule rule;
  std::vector<Step> steps;
};

TEST_F(ReducersTest, HoldAndPass) {
  const std::string of = "$body.v";
  const std::vector<Case> cases = {
      {"sample passes the 1st and the N+1th",
       Rule().Sample(3),
       {{0, "a", "pass"},
        {0, "a", "sample"},
        {0, "a", "sample"},
        {0, "a", "pass"},
        {0, "a", "sample"}}},
      {"sample: 1 passes all", Rule().Sample(1), {{0, "a", "pass"}, {0, "a", "pass"}}},
      {"streams are apart: device, topic",
       Rule().Sample(2),
       {{0, "a", "pass", "d", "t"},
        {0, "a", "pass", "e", "t"},
        {0, "a", "pass", "d", "u"},
        {0, "a", "sample", "d", "t"},
        {0, "a", "pass", "dt", ""},
        {0, "a", "sample", "e", "t"}}},
      {"rate: a bucket, full at first, that fills evenly",
       Rule().Rate("2/s"),
       {{0, "", "pass"},
        {0, "", "pass"},
        {0, "", "rate"},
        {0.499999, "", "rate"},
        {0.5, "", "pass"},
        {0.5, "", "rate"},
        {1.0, "", "pass"},
        {10, "", "pass"},
        {10, "", "pass"},
        {10, "", "rate"}}},
      {"rate: no microsecond is lost to rounding",
       Rule().Rate("3/s"),
       {{0, "", "pass"},
        {0, "", "pass"},
        {0, "", "pass"},
        {0.333333, "", "rate"},
        {0.333334, "", "pass"},
        {0.666666, "", "rate"},
        {0.666667, "", "pass"},
        {1, "", "pass"},
        {1, "", "rate"}}},
      {"rate: a period of its own",
       Rule().Rate("1/10s"),
       {{100, "", "pass"}, {109.9, "", "rate"}, {110, "", "pass"}}},
      {"rate: before 1970, too",
       Rule().Rate("1/s"),
       {{-10, "", "pass"}, {-9.5, "", "rate"}, {-9, "", "pass"}}},
      {"dedup compares bodies with all that passed within its time",
       Rule().Dedup(30'000),
       {{0, "a", "pass"},
        {1, "b", "pass"},
        {2, "a", "dedup"},
        {29.999, "a", "dedup"},
        {30, "a", "pass"},
        {30, "b", "dedup"},
        {31, "b", "pass"},
        {59.9, "a", "dedup"}}},
      {"dedup compares bytes",
       Rule().Dedup(30'000),
       {{0, R"({"a":1})", "pass"},
        {0, R"({"a": 1})", "pass"},
        {0, R"({"a":1})", "dedup"},
        {0, "", "pass"},
        {0, "", "dedup"}}},
      {"dedup knows streams",
       Rule().Dedup(30'000),
       {{0, "a", "pass", "d", "t"},
        {0, "a", "pass", "d", "u"},
        {0, "a", "pass", "e", "t"},
        {0, "a", "dedup", "d", "u"}}},
      {"on_change: any difference",
       Rule().OnChange(of),
       {{0, R"({"v":1})", "pass"},
        {0, R"({"v":1.0})", "on_change"},
        {0, R"({"v":1.0000001})", "pass"},
        {0, R"({"v":1})", "pass"}}},
      {"on_change: from the last that passed, not the last that came",
       Rule().OnChange(of, "0.5"),
       {{0, R"({"v":20})", "pass"},
        {0, R"({"v":20.4})", "on_change"},
        {0, R"({"v":20.8})", "pass"},
        {0, R"({"v":20.3})", "pass"},
        {0, R"({"v":20.7})", "on_change"},
        {0, R"({"v":19.8})", "pass"}}},
      {"on_change: a share of the last that passed",
       Rule().OnChange(of, "5%"),
       {{0, R"({"v":100})", "pass"},
        {0, R"({"v":104.9})", "on_change"},
        {0, R"({"v":105})", "pass"},
        {0, R"({"v":110})", "on_change"},
        {0, R"({"v":110.25})", "pass"},
        {0, R"({"v":-1})", "pass"},
        {0, R"({"v":-1.05})", "pass"},
        {0, R"({"v":0})", "pass"},
        {0, R"({"v":0})", "on_change"},
        {0, R"({"v":1e-300})", "pass"}}},
      {"on_change: no number, any difference",
       Rule().OnChange(of, "100"),
       {{0, R"({"v":"a"})", "pass"},
        {0, R"({"v":"a"})", "on_change"},
        {0, R"({"v":"\u0061"})", "on_change"},
        {0, R"({"v":"b"})", "pass"},
        {0, R"({"v":1})", "pass"},
        {0, R"({"v":2})", "on_change"},
        {0, R"({"v":"2"})", "pass"},
        {0, R"({"v":true})", "pass"},
        {0, R"({"v":true})", "on_change"},
        {0, R"({"v":false})", "pass"},
        {0, R"({"v":null})", "pass"},
        {0, R"({"v":null})", "on_change"},
        {0, R"({"v":[1]})", "pass"},
        {0, R"({"v":[1]})", "on_change"},
        {0, R"({"v":[1 ]})", "pass"},
        {0, R"({"v":{}})", "pass"}}},
      {"on_change: undefined is held and forgets nothing",
       Rule().OnChange(of, "1", 10'000),
       {{0, R"({})", "on_change"},
        {1, R"({"v":1})", "pass"},
        {2, R"({})", "on_change"},
        {3, R"({"v":1})", "on_change"},
        {50, R"({})", "on_change"},
        {50, R"({"v":1})", "pass"}}},
      {"on_change: max_silence since the last that passed",
       Rule().OnChange(of, "1", 60'000),
       {{0, R"({"v":1})", "pass"},
        {30, R"({"v":1.5})", "on_change"},
        {59.999, R"({"v":1.5})", "on_change"},
        {60, R"({"v":1.5})", "pass"},
        {100, R"({"v":2.5})", "pass"},
        {120, R"({"v":2.5})", "on_change"},
        {160, R"({"v":2.5})", "pass"}}},
      {"per divides a stream",
       Rule().Sample(2).Per("$body.tag"),
       {{0, R"({"tag":"a"})", "pass"},
        {0, R"({"tag":"b"})", "pass"},
        {0, R"({"tag":1})", "pass"},
        {0, R"({"tag":"1"})", "pass"},
        {0, R"({"tag":1.0})", "sample"},
        {0, R"({"tag":"a"})", "sample"},
        {0, R"({})", "pass"},
        {0, R"({"tag":null})", "pass"},
        {0, R"({})", "sample"},
        {0, R"({"tag":0})", "pass"},
        {0, R"({"tag":-0.0})", "sample"}}},
      {"per: two values do not run together",
       Rule().Sample(2).Per("$body.a").Per("$body.b"),
       {{0, R"({"a":"x","b":"yz"})", "pass"},
        {0, R"({"a":"xy","b":"z"})", "pass"},
        {0, R"({"a":"x","b":"yz"})", "sample"}}},
      {"time never goes back",
       Rule().Rate("1/s"),
       {{10, "", "pass"}, {5, "", "rate"}, {10.5, "", "rate"}, {11, "", "pass"}}},
  };
  for (const Case& c : cases) {
    Start({c.rule});
    int number = 0;
    for (const Step& step : c.steps) {
      EXPECT_EQ(Run({step.seconds, step.body, step.device, step.topic}), step.result)
          << c.what << ", step " << number;
      ++number;
    }
  }
}

TEST_F(ReducersTest, EachSeesWhatTheOneBeforePassed) {
  Start({Rule().Dedup(1'000).OnChange("$body.v").Sample(2).Rate("1/s")});
  EXPECT_EQ(Run({0, R"({"v":1})"}), "pass");
  EXPECT_EQ(Run({0, R"({"v":1})"}), "dedup");
  EXPECT_EQ(Run({0, R"({"v":1 })"}), "on_change");
  EXPECT_EQ(Run({0, R"({"v":2})"}), "sample");
  EXPECT_EQ(Run({0, R"({"v":3})"}), "rate");
  EXPECT_EQ(Run({0, R"({"v":4})"}), "sample");
  EXPECT_EQ(Run({1, R"({"v":5})"}), "pass");
}

TEST_F(ReducersTest, ARuleThatHoldsHasTakenTheMessage) {
  compile::RuleSetSpec spec;
  spec.forward_by_default = true;
  Start({Rule("a").From("t").Sample(2).Final(), Rule("b").From("t").Into("log")}, spec);
  EXPECT_EQ(Run({0, "x"}), "pass");
  EXPECT_EQ(Run({0, "x"}), "sample") << "neither the default nor the rule after the final one";
}

TEST_F(ReducersTest, TheFirstRuleThatHoldsIsTheReason) {
  Start({Rule("a").Sample(2), Rule("b").Dedup(1'000), Rule("c").From("t").Drop()});
  EXPECT_EQ(Run({0, "x"}), "pass");
  EXPECT_EQ(Run({0, "x"}), "sample");
  EXPECT_EQ(Run({0, "x"}), "pass") << "a passes, b holds";
  EXPECT_EQ(Run({0, "y"}), "pass") << "a holds, b passes";
}

TEST_F(ReducersTest, ABodyThatIsNoJsonIsAnErrorOfTheReducerThatReadsIt) {
  Start({Rule("a").OnChange("$body.v"), Rule("b").Sample(2)});
  const std::string payload = "{" + std::string(language::kPayloadSlack, ' ');
  language::MessageView view;
  view.topic = "t";
  view.payload = std::string_view(payload).substr(0, 1);
  const match::Verdict& verdict = engine_->Run(view);
  EXPECT_THAT(verdict.rules, ElementsAre(0, 1));
  EXPECT_THAT(verdict.errors, ElementsAre(0));
  EXPECT_TRUE(verdict.forwards());
}

TEST_F(ReducersTest, TheLeastRecentlyUsedStateGoes) {
  compile::RuleSetSpec spec;
  spec.max_state = 10'000;  // about fifty states
  Start({Rule().Sample(1'000'000)}, spec);
  EXPECT_EQ(Run({0, "x", "kept"}), "pass");
  EXPECT_EQ(Run({0, "x", "lost"}), "pass");
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Run({0, "x", "other-" + std::to_string(i)}), "pass");
    EXPECT_EQ(Run({0, "x", "kept"}), "sample") << i;
  }
  EXPECT_EQ(Run({0, "x", "lost"}), "pass") << "as if never seen";
  const Reducers& reducers = engine_->reducers();
  EXPECT_GT(reducers.evictions(), 900U);
  EXPECT_EQ(reducers.states() + reducers.evictions(), 1003U);
  EXPECT_LE(reducers.state_bytes(), spec.max_state + 200);
}

// What was 5 s ago still is: the bucket fills, silence ends, a body is forgotten in time.
TEST_F(ReducersTest, AClockThatIsSetBackStopsNothing) {
  Start({Rule("silence").From("s").OnChange("$body.v", "", 20'000),
         Rule("rate").From("r").Rate("1/10s"), Rule("dedup").From("d").Dedup(20'000)});
  const Message silence{5000, R"({"v":1})", "d", "s"}, rate{5000, "", "d", "r"},
      dedup{5000, "x", "d", "d"};
  for (const Message& message : {silence, rate, dedup}) EXPECT_EQ(Run(message), "pass");
  const auto at = [](Message message, double seconds) {
    message.seconds = seconds;
    return message;
  };
  EXPECT_FALSE(engine_->Follow(5005 * kSecond));
  EXPECT_TRUE(engine_->Follow(1000 * kSecond));  // 5 s after they passed
  EXPECT_EQ(Run(at(rate, 1004)), "rate");
  EXPECT_EQ(Run(at(rate, 1005)), "pass");
  EXPECT_EQ(Run(at(silence, 1014)), "on_change");
  EXPECT_EQ(Run(at(dedup, 1014)), "dedup");
  EXPECT_EQ(Run(at(silence, 1015)), "pass");
  EXPECT_EQ(Run(at(dedup, 1015)), "pass");
}

TEST_F(ReducersTest, ASmallStepBackIsWaitedOut) {
  Start({Rule().Rate("1/s")});
  EXPECT_EQ(Run({10, ""}), "pass");
  EXPECT_FALSE(engine_->Follow(9 * kSecond));
  EXPECT_EQ(Run({9.5, ""}), "rate");
  EXPECT_EQ(Run({11, ""}), "pass");
}

TEST_F(ReducersTest, BodiesOfDedupDoNotDriveOtherStatesOut) {
  compile::RuleSetSpec spec;
  spec.max_state = 10'000;
  Start({Rule("a").From("keep").Sample(1'000'000), Rule("b").From("t").Dedup(10)}, spec);
  EXPECT_EQ(Run({0, "x", "d", "keep"}), "pass");
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Run({i * 0.005, std::to_string(i)}), "pass");
  }
  EXPECT_EQ(Run({5, "x", "d", "keep"}), "sample");
  EXPECT_EQ(engine_->reducers().evictions(), 0U);
  EXPECT_LE(engine_->reducers().states(), 4U);
}

}  // namespace
}  // namespace sluice::reduce
