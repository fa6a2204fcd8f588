#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/e2e/demo_table/figures.h"
#include "tests/e2e/demo_table/table.h"

namespace sluice::demo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

constexpr std::string_view kPage = R"(# HELP sluice_connections Devices connected now
# TYPE sluice_connections gauge
sluice_connections 24
sluice_connections_refused_total{reason="no_certificate"} 1
sluice_connections_refused_total{reason="unknown_ca"} 2
sluice_messages_received_total 1000
sluice_messages_dropped_total{reason="rule"} 300
sluice_messages_dropped_total{reason="default"} 600
sluice_messages_dropped_total{reason="forbidden"} 4
sluice_messages_dropped_total{reason="no_room"} 6
sluice_messages_forwarded_total{output="hub"} 90
sluice_rule_matches_total{rule="over \"80\" \\ C"} 70
sluice_rule_matches_total{rule="jam"} 20
sluice_ack_latency_seconds_bucket{le="+Inf"} 7
sluice_uplink_lag_seconds 1.5e-3
)";

TEST(FiguresTest, ReadsTheGatewaysMetrics) {
  Figures figures;
  ASSERT_TRUE(ReadMetrics(kPage, &figures).ok());
  EXPECT_EQ(figures.devices, 24u);
  EXPECT_EQ(figures.refused, 3u);
  EXPECT_EQ(figures.in, 1000u);
  EXPECT_EQ(figures.dropped_by_rule, 300u);
  EXPECT_EQ(figures.dropped_by_default, 600u);
  EXPECT_EQ(figures.dropped_otherwise, 10u);
  EXPECT_EQ(figures.forwarded, 90u);
  EXPECT_THAT(figures.rules, ElementsAre(Pair("over \"80\" \\ C", 70), Pair("jam", 20)));
}

TEST(FiguresTest, RefusesAPageThatIsNone) {
  Figures figures;
  for (const char* page : {"<html>", "name{x=\"y\" 1", "name x"}) {
    EXPECT_FALSE(ReadMetrics(page, &figures).ok()) << page;
  }
}

TEST(FiguresTest, ReadsTheHubsStats) {
  Figures figures;
  ASSERT_TRUE(
      ReadHubStats(R"({"ok":true,"operations":12,"blocks":13,"messages":12})", &figures).ok());
  EXPECT_EQ(figures.hub_operations, 12u);
  EXPECT_EQ(figures.hub_blocks, 13u);
  for (const char* answer :
       {"", "[]", R"({"ok":false,"error":"no"})", R"({"operations":"1","blocks":1})"}) {
    EXPECT_FALSE(ReadHubStats(answer, &figures).ok()) << answer;
  }
}

TEST(FiguresTest, OpensPacksToCountReadings) {
  const std::string path = testing::TempDir() + "/demo_table_messages.jsonl";
  std::ofstream(path)
      << R"({"device":"gw-01","payload":[{"id":"1"},{"id":"2"}]})"
      << "\n"
      << R"({"device":"gw-01","payload":"[{\"id\":\"3\"}]"})"
      << "\n"
      << R"({"device":"gw-01","payload":{"id":"4"}})"
      << "\n"
      << R"({"device":"gw-01","payloadBase64":"AA=="})"
      << "\n"
      // [{"id":"5"},{"id":"6"},{"id":"7"}]
      << R"({"payloadBase64":"H4sIAAAAAAACA4uuVspMUbJSMlWq1YEyzRBMc6XaWADVuyRIIgAAAA=="})"
      << "\n";
  EXPECT_EQ(*CountReadings(path), 8u);
  std::ofstream(path) << "broken\n";
  EXPECT_FALSE(CountReadings(path).ok());
  std::remove(path.c_str());
  EXPECT_FALSE(CountReadings(path).ok());
}

Frame SomeFrame() {
  Frame frame;
  frame.seconds = 12;
  frame.before_seconds = 10;
  EXPECT_TRUE(ReadMetrics(kPage, &frame.now).ok());
  frame.now.hub_operations = frame.now.hub_blocks = 10;
  frame.before.in = 800;
  frame.before.rules = {{"jam", 14}};
  return frame;
}

TEST(TableTest, ShowsTotalsRatesAndShares) {
  const std::string table = Table(SomeFrame(), false);
  EXPECT_THAT(table,
              HasSubstr("  in, from 24 devices                  1 000        100.0     100.0 %\n"));
  EXPECT_THAT(table,
              HasSubstr("  forwarded to the hub                    90         45.0       9.0 %\n"));
  EXPECT_THAT(table,
              HasSubstr("  dropped otherwise                       10          5.0       1.0 %\n"));
  EXPECT_THAT(table, HasSubstr("  jam                                     20          3.0\n"));
  EXPECT_THAT(
      table,
      HasSubstr("  send operations                      1 000           10    100x fewer\n"));
}

TEST(TableTest, IsAtMost80ColumnsWideAndColouredOnDemandAlone) {
  Frame frame = SomeFrame();
  frame.now.in = frame.now.forwarded = 4'000'000'000;
  frame.now.rules.emplace_back(std::string(200, 'x'), 4'000'000'000);
  const std::string table = Table(frame, false);
  EXPECT_THAT(table, Not(HasSubstr("\033")));
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  std::string coloured = Table(frame, true);
  EXPECT_THAT(coloured, HasSubstr("\033[1m"));
  EXPECT_EQ(std::count(coloured.begin(), coloured.end(), '\n'),
            std::count(table.begin(), table.end(), '\n'));
}

TEST(TableTest, StartsWithoutFigures) {
  const std::string table = Table(Frame(), false);
  EXPECT_THAT(table,
              HasSubstr("  in, from 0 devices                       0          0.0            \n"));
  EXPECT_THAT(table, Not(HasSubstr("fewer")));
  EXPECT_THAT(table, Not(HasSubstr("nan")));
}

TEST(SummaryTest, SaysWhetherTheFiguresAddUp) {
  Figures figures;
  ASSERT_TRUE(ReadMetrics(kPage, &figures).ok());
  figures.hub_operations = figures.hub_blocks = 10;
  EXPECT_TRUE(Balanced(figures, 90));
  EXPECT_THAT(Summary(figures, 20, 90, false), HasSubstr("Every message is accounted for"));
  EXPECT_FALSE(Balanced(figures, 89));
  EXPECT_FALSE(Balanced(figures, 91));
  EXPECT_THAT(Summary(figures, 20, 91, false), HasSubstr("do not add up"));
  figures.in = 1001;
  EXPECT_FALSE(Balanced(figures, 90));
  EXPECT_FALSE(Balanced(Figures(), 0));  // a demo in which nothing happened showed nothing
}

TEST(SummaryTest, ReckonsADay) {
  Figures figures;
  figures.in = 100'000;
  figures.hub_operations = figures.hub_blocks = 500;
  // 432 million without, 1,080 units of 400,000; 2.16 million with, 6 units.
  EXPECT_THAT(Summary(figures, 20, 0, false),
              HasSubstr("432.0 million messages for the hub without sluice, 2.16 million"));
  EXPECT_THAT(Summary(figures, 20, 0, false), HasSubstr("1080 units of tier S1, or 6."));
}

TEST(GroupedTest, SeparatesThousands) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1 000");
  EXPECT_EQ(Grouped(1234567), "1 234 567");
}

}  // namespace
}  // namespace sluice::demo
