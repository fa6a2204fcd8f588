#include "gateway/operate/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::operate {
namespace {

using testing::HasSubstr;

TEST(MetricsPageTest, GathersSamplesOfOneNameAndEscapesLabels) {
  MetricsPage page;
  page.AddCounter("messages_dropped_total", "Dropped", 3, {{"reason", "rule"}});
  page.AddGauge("connections", "Open", 2);
  page.AddCounter("messages_dropped_total", "Dropped", 18'446'744'073, {{"reason", "a\"b\n"}});
  const std::string text = page.Text();
  EXPECT_THAT(text, HasSubstr("# TYPE sluice_messages_dropped_total counter\n"
                              "sluice_messages_dropped_total{reason=\"rule\"} 3\n"
                              "sluice_messages_dropped_total{reason=\"a\\\"b\\n\"} 18446744073\n"));
  EXPECT_THAT(text, HasSubstr("sluice_connections 2\n"));
}

TEST(MetricsPageTest, HistogramsAreCumulativeAndSumThreads) {
  Histogram one;
  Histogram two;
  one.Observe(60);
  two.Observe(900);
  two.Observe(100'000'000);
  MetricsPage page;
  page.AddHistogram("ack_latency_seconds", "PUBLISH to PUBACK", {&one, &two});
  const std::string text = page.Text();
  EXPECT_THAT(text, HasSubstr("sluice_ack_latency_seconds_bucket{le=\"0.0001\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sluice_ack_latency_seconds_bucket{le=\"0.001\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("sluice_ack_latency_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("sluice_ack_latency_seconds_count 3\n"));
}

TEST(MetricsPageTest, TheSameAsJson) {
  Histogram histogram;
  histogram.Observe(1'500'000);
  MetricsPage page;
  page.AddGauge("connections", "Open", 2);
  page.AddCounter("messages_dropped_total", "Dropped", 3, {{"reason", "rule"}});
  page.AddGauge("share", "Part", 0.5, {{"output", "hub"}, {"priority", "1"}});
  page.AddCounter("rule_matches_total", "Matches", 7, {{"rule", "a\"b"}});
  page.AddHistogram("ack_latency_seconds", "PUBLISH to PUBACK", {&histogram});
  EXPECT_EQ(page.Json("rule"),
            R"({"connections":2,"messages_dropped_total":{"rule":3},"share":{"hub/1":0.5},)"
            R"("ack_latency_seconds":{"count":1,"sum":1.5}})");
  EXPECT_THAT(page.Json(), HasSubstr(R"("rule_matches_total":{"a\"b":7})"));
  EXPECT_EQ(MetricsPage().Json(), "{}");
}

}  // namespace
}  // namespace sluice::operate
