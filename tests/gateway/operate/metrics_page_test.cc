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

}  // namespace
}  // namespace sluice::operate
