// Windows: what they gather, when they close, what their message is.
#include <gmock/gmock.h>

#include "tests/filters/reduce/engine_fixture.h"

namespace sluice::reduce {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WindowTest : public EngineTest {};

TEST_F(WindowTest, AggregatesGiveWhatTheyShould) {
  struct {
    const char* aggregate;
    std::vector<const char*> values;  // of v; null: a body without
    const char* result;               // empty: left out
  } const kCases[] = {
      {"COUNT()", {"1", nullptr, "\"x\""}, "3"},
      {"COUNT($body.v)", {"1", nullptr, "\"x\"", "null", "[1]"}, "3"},
      {"count ( $body.v )", {"1"}, "1"},
      {"SUM($body.v)", {"1", "2.5", "\"9\"", "true", nullptr}, "3.5"},
      {"SUM($body.v)", {"\"x\""}, ""},
      {"SUM($body.v)", {"1e308", "1e308"}, ""},
      {"AVG($body.v)", {"1", "2", "6"}, "3"},
      {"AVG($body.v * 2)", {"1", "2"}, "3"},
      {"AVG($body.v)", {nullptr}, ""},
      {"MIN($body.v)", {"2", "-1.5", "3"}, "-1.5"},
      {"MAX($body.v)", {"-2", "-7", "\"x\""}, "-2"},
      {"MAX($body.v)", {nullptr}, ""},
      {"FIRST($body.v)", {nullptr, "\"a\"", "2"}, "\"a\""},
      {"FIRST($body.v)", {"false", "2"}, "false"},
      {"FIRST($body.v)", {"null", "2"}, "null"},
      {"FIRST($body.v)", {"[1]", "{}", "2"}, "2"},
      {"LAST($body.v)", {"1", "\"q\\\"\"", nullptr}, "\"q\\\"\""},
      {"LAST($body.v)", {"\"a\"", "true"}, "true"},
      // Of 2 4 4 4 5 5 7 9 the squares of distances from 5 sum up to 32: 32 / 7.
      {"STDDEV($body.v)", {"2", "4", "4", "4", "5", "5", "7", "9"}, "2.138089935299395"},
      {"STDDEV($body.v)", {"3", "3"}, "0"},
      {"STDDEV($body.v)", {"3"}, ""},
      {"STDDEV($body.v)", {"1000000001", "1000000002", "1000000003"}, "1"},
  };
  for (const auto& c : kCases) {
    Start({Rule().Window(10'000, {{"x", c.aggregate}})});
    for (const char* value : c.values) {
      EXPECT_EQ(Run({5, value == nullptr ? "{}" : "{\"v\":" + std::string(value) + "}"}), "window");
    }
    const std::string member = *c.result == '\0' ? "" : ",\"x\":" + std::string(c.result);
    EXPECT_THAT(CloseAt(10), ElementsAre("r d t {\"from\":\"1970-01-01T00:00:00Z\",\"to\":"
                                         "\"1970-01-01T00:00:10Z\"" +
                                         member + "}"))
        << c.aggregate;
  }
}

std::string Body(const std::string& from, const std::string& to, int n) {
  return "{\"from\":\"1970-01-01T00:" + from + "Z\",\"to\":\"1970-01-01T00:" + to +
         "Z\",\"n\":" + std::to_string(n) + "}";
}

TEST_F(WindowTest, TumblesAtMultiplesOfItsLength) {
  Start({Rule().Window(10'000, {{"n", "COUNT()"}})});
  EXPECT_EQ(Run({12, "x"}), "window");
  EXPECT_EQ(Run({19.999999, "x"}), "window");
  EXPECT_THAT(CloseAt(19.999999), IsEmpty());
  EXPECT_THAT(CloseAt(20), ElementsAre("r d t " + Body("00:10", "00:20", 2)));
  EXPECT_EQ(Run({20, "x"}), "window");
  EXPECT_EQ(Run({15, "x"}), "window") << "time does not go back: it counts for now";
  EXPECT_THAT(CloseAt(1000), ElementsAre("r d t " + Body("00:20", "00:30", 2)));
  EXPECT_THAT(CloseAt(2000), IsEmpty());
  Start({Rule().Window(10'000, {{"n", "COUNT()"}})});
  EXPECT_EQ(Run({-1, "x"}), "window");
  EXPECT_THAT(CloseAt(0), ElementsAre("r d t {\"from\":\"1969-12-31T23:59:50Z\",\"to\":"
                                      "\"1970-01-01T00:00:00Z\",\"n\":1}"));
}

TEST_F(WindowTest, CloseInTheOrderOfTheirEndsThenOfRulesThenOfFirstMessages) {
  Start({Rule("a").Window(20'000, {{"n", "COUNT()"}}), Rule("b").Window(10'000, {{"n", "COUNT()"}}),
         Rule("c").From("u").Window(10'000, {{"n", "COUNT()"}})});
  for (const char* topic : {"u", "t", "u"}) EXPECT_EQ(Run({1, "x", "d", topic}), "window");
  EXPECT_EQ(engine_->next_close_us(), 10 * kSecond);
  EXPECT_THAT(
      CloseAt(60),
      ElementsAre("b d u " + Body("00:00", "00:10", 2), "b d t " + Body("00:00", "00:10", 1),
                  "c d u " + Body("00:00", "00:10", 2), "a d u " + Body("00:00", "00:20", 2),
                  "a d t " + Body("00:00", "00:20", 1)));
  EXPECT_EQ(engine_->next_close_us(), Reducers::kNever);
}

// Nothing is kept until the clock comes by again.
TEST_F(WindowTest, OpenOnesAreThoseOfTheNewTimeWhereTheClockIsSetBack) {
  Start({Rule("a").From("a").Window(10'000, {{"n", "COUNT()"}}),
         Rule("b").From("b").Window(3600'000, {{"n", "COUNT()"}})});
  for (const char* topic : {"a", "b"}) Run({5001, "", "d", topic});
  Run({5011, "", "e", "a"});
  EXPECT_TRUE(engine_->Follow(4003 * kSecond));
  EXPECT_EQ(engine_->next_close_us(), 4003 * kSecond);  // d's was over, and waits to be asked for
  EXPECT_THAT(CloseAt(4009), ElementsAre("a d a {\"from\":\"1970-01-01T01:23:20Z\",\"to\":"
                                         "\"1970-01-01T01:23:30Z\",\"n\":1}"));
  Run({4009, "", "e", "a"});
  EXPECT_THAT(CloseAt(4010), ElementsAre("a e a {\"from\":\"1970-01-01T01:06:40Z\",\"to\":"
                                         "\"1970-01-01T01:06:50Z\",\"n\":2}"));
  EXPECT_THAT(CloseAt(7200), ElementsAre("b d b {\"from\":\"1970-01-01T01:00:00Z\",\"to\":"
                                         "\"1970-01-01T02:00:00Z\",\"n\":1}"));
}

TEST_F(WindowTest, AWindowThatNobodyAskedForStillCountsApart) {
  Start({Rule().Window(10'000, {{"n", "COUNT()"}})});
  EXPECT_EQ(Run({1, "x"}), "window");
  EXPECT_EQ(Run({11, "x"}), "window");
  EXPECT_EQ(Run({12, "x"}), "window");
  EXPECT_THAT(Closed(*engine_), ElementsAre("r d t " + Body("00:00", "00:10", 1)));
  engine_->CloseAll();
  EXPECT_THAT(Closed(*engine_), ElementsAre("r d t " + Body("00:10", "00:20", 2)));
}

TEST_F(WindowTest, AStateThatHadToGoGivesItsWindow) {
  compile::RuleSetSpec spec;
  spec.max_state = 10'000;
  Start({Rule().Window(10'000, {{"n", "COUNT()"}})}, spec);
  size_t windows = 0;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Run({1, "x", "d-" + std::to_string(i)}), "window");
    windows += Closed(*engine_).size();
  }
  EXPECT_GT(windows, 10U);
  EXPECT_EQ(engine_->reducers().evictions(), windows);
  engine_->CloseAll();
  EXPECT_EQ(windows + Closed(*engine_).size(), 100U) << "none is lost";
}

TEST_F(WindowTest, NobodyWhoAsksKeepsABoundedNumber) {
  compile::RuleSetSpec spec;
  spec.max_state = 10'000;
  Start({Rule().Window(10'000, {{"n", "COUNT()"}})}, spec);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(Run({1, "x", "d-" + std::to_string(i)}), "window");
  engine_->CloseAll();
  const size_t closed = Closed(*engine_).size();
  const uint64_t lost = engine_->reducers().windows_lost();
  EXPECT_GT(lost, 800U);
  EXPECT_EQ(closed + lost, 1000U) << "each is there or counted";
}

TEST_F(WindowTest, ItsMessageGoesTheRulesWay) {
  Start({Rule()
             .From("plant/{line}")
             .Window(10'000, {{"mean", "AVG($body.t)"}, {"n", "COUNT()"}})
             .Set("line", "$topic.line")
             .Set("mean", "$body.mean")
             .Select("mean")
             .Priority(2)
             .Into("log")
             .Into("hub")});
  EXPECT_EQ(Run({1, R"({"t":20})", "press", "plant/l1"}), "window");
  engine_->Advance(10 * kSecond);
  const ClosedWindow* const window = engine_->NextClosed();
  ASSERT_NE(window, nullptr);
  EXPECT_EQ(window->from_us, 0);
  EXPECT_EQ(window->to_us, 10 * kSecond);
  EXPECT_EQ(window->message.device, "press");
  match::Shaper shaper;
  const auto& shaped =
      shaper.Apply(engine_->program().shapes(), *window->verdict, window->message.payload);
  ASSERT_EQ(shaped.deliveries.size(), 2U);
  const match::ShapedDelivery& first = shaped.deliveries[0];
  EXPECT_EQ(first.body, R"({"mean":20})");
  EXPECT_EQ(first.delivery->output, 1);
  EXPECT_EQ(first.delivery->priority, 2);
  ASSERT_EQ(first.delivery->set.size(), 2U);
  EXPECT_EQ(first.delivery->set[0].value, "l1");
  EXPECT_EQ(first.delivery->set[1].value, "20") << "of the window's own body";
}

}  // namespace
}  // namespace sluice::reduce
