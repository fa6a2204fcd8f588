// Reducers allocate nothing for a stream they know.
#include <gtest/gtest.h>

#include "tests/allocations.h"
#include "tests/filters/reduce/engine_fixture.h"

namespace sluice::reduce {
namespace {

TEST(ReduceAllocationTest, TheCountCounts) {
  const uint64_t before = Allocations();
  ::operator delete(::operator new(1));
  EXPECT_EQ(Allocations() - before, 1U);
}

TEST(ReduceAllocationTest, AKnownStreamAllocatesNothing) {
  RuleEngine engine(Compiled({
      Rule("change").OnChange("$body.unit", "", 1000).Per("$body.tag"),
      Rule("share").OnChange("$body.v", "5%"),
      Rule("sample").Sample(7).Into("log"),
      Rule("rate").Rate("5/s"),
      Rule("dedup").Dedup(1000),
      Rule("window").Window(
          3'600'000, {{"n", "COUNT()"}, {"last", "LAST($body.unit)"}, {"sd", "STDDEV($body.v)"}}),
  }));
  const std::string bodies[] = {R"({"v":1,"unit":"a text beyond short strings","tag":"x"})",
                                R"({"v":2,"unit":"another text, as long as it","tag":"x"})", "{"};
  std::string padded[3];
  for (int i = 0; i < 3; ++i) padded[i] = bodies[i] + std::string(language::kPayloadSlack, ' ');
  language::MessageView message;
  message.device = "press-01";
  message.topic = "plant/line1/press-01/telemetry";
  const auto run = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      message.payload = std::string_view(padded[i % 3]).substr(0, bodies[i % 3].size());
      message.time_us = int64_t{i} * 1000;
      engine.Advance(message.time_us);
      EXPECT_EQ(engine.NextClosed(), nullptr);
      engine.Run(message);
    }
  };
  run(0, 100);
  const uint64_t before = Allocations();
  run(100, 900);
  EXPECT_EQ(Allocations() - before, 0U);
}

}  // namespace
}  // namespace sluice::reduce
