#include "filters/reduce/state_file.h"

#include <gmock/gmock.h>

#include <cstring>

#include "tests/filters/reduce/engine_fixture.h"

namespace sluice::reduce {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr HashKey kKey{11, 22};

bool Everyone(std::string_view) { return true; }

const std::vector<Rule> kRules = {
    Rule("change").From("c").OnChange("$body.v", "1", 60'000),
    Rule("sample").From("s").Sample(3).Per("$body.tag"),
    Rule("rate").From("r").Rate("2/s"),
    Rule("dedup").From("d").Dedup(30'000),
    Rule("window").From("w").Window(10'000, {{"n", "COUNT()"},
                                             {"sum", "SUM($body.v)"},
                                             {"sd", "STDDEV($body.v)"},
                                             {"last", "LAST($body.t)"}}),
};

class StateFileTest : public EngineTest {
 protected:
  static std::unique_ptr<RuleEngine> Engine(const std::vector<Rule>& rules, HashKey key = {}) {
    return std::make_unique<RuleEngine>(Compiled(rules), key);
  }
  static std::string Saved(const std::vector<RuleEngine*>& engines) {
    StateFileWriter writer(kKey);
    for (const RuleEngine* engine : engines) writer.Add(engine->reducers());
    return writer.Finish();
  }
  // An engine that has seen something at second 100.
  static std::unique_ptr<RuleEngine> Used(const std::string& device = "d") {
    auto engine = Engine(kRules, kKey);
    EXPECT_EQ(Run(*engine, {100, R"({"v":20})", device, "c"}), "pass");
    EXPECT_EQ(Run(*engine, {100, R"({"tag":"x"})", device, "s"}), "pass");
    EXPECT_EQ(Run(*engine, {100, "", device, "r"}), "pass");
    EXPECT_EQ(Run(*engine, {100, "", device, "r"}), "pass");
    EXPECT_EQ(Run(*engine, {100, "body", device, "d"}), "pass");
    EXPECT_EQ(Run(*engine, {100, R"({"v":1,"t":"\u00fc"})", device, "w"}), "window");
    EXPECT_EQ(Run(*engine, {100, R"({"v":3})", device, "w"}), "window");
    return engine;
  }
  static std::string Load(const std::string& bytes, RuleEngine* engine, double seconds = 101,
                          const std::function<bool(std::string_view)>& takes = Everyone) {
    return std::string(
        ReadStateFile(bytes, std::llround(seconds * 1e6), takes, &engine->reducers()).message());
  }
};

TEST_F(StateFileTest, WindowsAloneComeBackWhereTheRestIsNotSafe) {
  const auto used = Used();
  StateFileWriter writer(kKey, true);
  writer.Add(used->reducers());
  const auto engine = Engine(kRules);
  EXPECT_EQ(Load(writer.Finish(), engine.get()), "");
  EXPECT_EQ(engine->reducers().store().states(), 1U);
  EXPECT_EQ(Run(*engine, {101, R"({"v":20})", "d", "c"}), "pass");
  EXPECT_EQ(Run(*engine, {101, "body", "d", "d"}), "pass");
  EXPECT_EQ(Run(*engine, {101, R"({"v":1})", "d", "w"}), "window");
}

TEST_F(StateFileTest, AllThatReducersKnowComesBack) {
  const auto used = Used();
  const auto engine = Engine(kRules);
  ASSERT_EQ(Load(Saved({used.get()}), engine.get()), "");
  EXPECT_EQ(engine->reducers().states(), 5U);
  EXPECT_EQ(engine->reducers().state_bytes(), used->reducers().state_bytes());
  EXPECT_EQ(Run(*engine, {101, R"({"v":20.5})", "d", "c"}), "on_change");
  EXPECT_EQ(Run(*engine, {101, R"({"tag":"x"})", "d", "s"}), "sample");
  EXPECT_EQ(Run(*engine, {101, R"({"tag":"x"})", "d", "s"}), "sample");
  EXPECT_EQ(Run(*engine, {101, R"({"tag":"x"})", "d", "s"}), "pass");
  EXPECT_EQ(Run(*engine, {100.4, "", "d", "r"}), "pass") << "time is 101: the bucket is full";
  EXPECT_EQ(Run(*engine, {101, "", "d", "r"}), "pass");
  EXPECT_EQ(Run(*engine, {101, "", "d", "r"}), "rate");
  EXPECT_EQ(Run(*engine, {101, "body", "d", "d"}), "dedup");
  EXPECT_EQ(Run(*engine, {101, R"({"v":5})", "d", "w"}), "window");
  engine->Advance(110 * kSecond);
  EXPECT_THAT(Closed(*engine),
              ElementsAre("window d w {\"from\":\"1970-01-01T00:01:40Z\",\"to\":"
                          "\"1970-01-01T00:01:50Z\",\"n\":3,\"sum\":9,\"sd\":2,\"last\":\"ü\"}"));
  EXPECT_EQ(Run(*engine, {130, "body", "d", "d"}), "pass");
  EXPECT_EQ(Run(*engine, {160, R"({"v":20})", "d", "c"}), "pass") << "max_silence";
}

TEST_F(StateFileTest, SavingWhatWasLoadedGivesTheSameBytes) {
  const auto used = Used();
  const std::string bytes = Saved({used.get()});
  const auto engine = Engine(kRules);
  ASSERT_EQ(Load(bytes, engine.get()), "");
  EXPECT_EQ(Saved({engine.get()}), bytes);
}

TEST_F(StateFileTest, AWindowThatIsOverClosesAtOnce) {
  const auto used = Used();
  const auto engine = Engine(kRules);
  ASSERT_EQ(Load(Saved({used.get()}), engine.get(), 1000), "");
  EXPECT_LE(engine->next_close_us(), 1000 * kSecond);
  EXPECT_EQ(Closed(*engine).size(), 1U);
  EXPECT_EQ(engine->next_close_us(), Reducers::kNever);
}

TEST_F(StateFileTest, OnlyRulesThatAreUnchangedTakeTheirStates) {
  const auto used = Used();
  const std::vector<Rule> rules = {
      Rule("sample").From("s").Sample(3).Per("$body.tag").Set("new", "shape").Into("log"),
      Rule("change").From("c").OnChange("$body.v", "0.1", 60'000),
      Rule("rate").From("r").Where("true").Rate("2/s"),
      Rule("window").From("w").Window(10'000, {{"n", "COUNT()"}}),
  };
  const auto engine = Engine(rules);
  ASSERT_EQ(Load(Saved({used.get()}), engine.get()), "");
  EXPECT_EQ(engine->reducers().states(), 1U);
  EXPECT_EQ(Run(*engine, {101, R"({"tag":"x"})", "d", "s"}), "sample")
      << "what it sends where is not what it knows";
  EXPECT_EQ(Run(*engine, {101, R"({"v":20.5})", "d", "c"}), "pass");
  EXPECT_EQ(engine->next_close_us() <= 101 * kSecond ? Closed(*engine).size() : 0U, 0U);
}

TEST_F(StateFileTest, OtherNumbersOfWorkersShareTheDevicesAnew) {
  const auto a = Used("a"), b = Used("b");
  const std::string bytes = Saved({a.get(), b.get()});
  const auto is_a = [](std::string_view device) { return device == "a"; };
  const auto one = Engine(kRules);
  ASSERT_EQ(Load(bytes, one.get()), "");
  EXPECT_EQ(one->reducers().states(), 10U);
  const auto of_a = Engine(kRules);
  ASSERT_EQ(Load(bytes, of_a.get(), 101, is_a), "");
  EXPECT_EQ(of_a->reducers().states(), 5U);
  EXPECT_EQ(Run(*of_a, {101, "body", "a", "d"}), "dedup");
  EXPECT_EQ(Run(*of_a, {101, "body", "b", "d"}), "pass");
}

TEST_F(StateFileTest, AClockThatWasSetBackHoldsNothingForEver) {
  const auto used = Used();
  const auto engine = Engine(kRules);
  ASSERT_EQ(Load(Saved({used.get()}), engine.get(), 50), "");
  EXPECT_EQ(Run(*engine, {109.9, R"({"v":20})", "d", "c"}), "on_change");
  EXPECT_EQ(Run(*engine, {110, R"({"v":20})", "d", "c"}), "pass") << "60 s after second 50";
  EXPECT_EQ(Closed(*engine).size(), 1U);
}

TEST_F(StateFileTest, RefusesEveryTruncationAndEveryFlippedByte) {
  const auto used = Used();
  const std::string bytes = Saved({used.get()});
  const auto engine = Engine(kRules);
  for (size_t size = 0; size < bytes.size(); ++size)
    ASSERT_NE(Load(bytes.substr(0, size), engine.get()), "") << size;
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    ASSERT_NE(Load(damaged, engine.get()), "") << i;
  }
  EXPECT_EQ(engine->reducers().states(), 0U) << "an error changes nothing";
  EXPECT_THAT(Load("x", engine.get()), HasSubstr("no file of reducers"));
}

// The adoption of a live reload, in memory.
TEST_F(StateFileTest, AdoptingKeepsWhatUnchangedRulesKnow) {
  const auto old = Used();
  const std::vector<Rule> rules = {
      Rule("new").From("n").Sample(2),
      Rule("dedup").From("d").Dedup(30'000),
      Rule("window").From("w").Window(20'000, {{"n", "COUNT()"}}),
      Rule("change").From("c").OnChange("$body.v", "1", 60'000),
  };
  const auto engine = Engine(rules, kKey);
  old->CloseChanged(engine->program());
  EXPECT_TRUE(old->has_closed());
  EXPECT_THAT(Closed(*old), ElementsAre(HasSubstr("\"n\":2")));
  engine->Adopt(*old);
  EXPECT_EQ(engine->reducers().states(), 2U);
  EXPECT_EQ(Run(*engine, {101, "body", "d", "d"}), "dedup");
  EXPECT_EQ(Run(*engine, {101, R"({"v":20.5})", "d", "c"}), "on_change");
  EXPECT_EQ(Run(*engine, {101, "", "d", "n"}), "pass");
  EXPECT_EQ(Run(*engine, {101, "{}", "d", "w"}), "window");
  EXPECT_EQ(old->reducers().states(), 0U);
  engine->CloseAll();
  EXPECT_EQ(Closed(*engine).size(), 1U);
}

}  // namespace
}  // namespace sluice::reduce
