#include "gateway/commands/gateway_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/filters/match/rules_fixture.h"

namespace sluice::commands {
namespace {

using testing::HasSubstr;

class Port final : public pipeline::OutputPort {
 public:
  explicit Port(bool has_room) : has_room_(has_room) {}
  bool HasRoom(uint64_t) override { return has_room_; }
  bool HasRoomToSpare(uint64_t) override { return has_room_; }
  void Append(const spool::RecordView&) override {}
  void Flush() override {}

 private:
  const bool has_room_;
};

// Nothing is lost without a counter: not even what another output has.
TEST(GatewayMetricsTest, WhatOneOfTwoOutputsHadNoRoomForIsCounted) {
  const auto program = match::Compiled({match::Rule("both").Into("hub").Into("log")});
  config::DeviceOptions devices;
  devices.publish = {"#"};
  Port full(false), free(true);
  pipeline::Sequences sequences;
  pipeline::Pipeline pipeline(std::make_shared<pipeline::Admission>(devices), program,
                              {{&full, true}, {&free, true}}, sequences);
  pipeline::Publish publish;
  publish.topic = "t";
  EXPECT_EQ(pipeline.Take(publish).kind, pipeline::PublishResult::Kind::kTaken);

  operate::MetricsPage page;
  const pipeline::Pipeline* const pipelines[] = {&pipeline};
  AddPipelineMetrics(*program, pipelines, &page);
  const std::string text = page.Text();
  EXPECT_THAT(text, HasSubstr("sluice_output_no_room_total{output=\"hub\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sluice_output_no_room_total{output=\"log\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("sluice_messages_forwarded_total{output=\"hub\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("sluice_messages_forwarded_total{output=\"log\"} 1\n"));
  // A rule sent what an output took.
  EXPECT_THAT(text, HasSubstr("sluice_rule_matches_total{rule=\"both\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sluice_rule_sent_total{rule=\"both\"} 1\n"));
}

}  // namespace
}  // namespace sluice::commands
