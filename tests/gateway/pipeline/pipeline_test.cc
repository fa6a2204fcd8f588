#include "gateway/pipeline/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "filters/compile/rule_changes.h"
#include "tests/filters/match/rules_fixture.h"

namespace sluice::pipeline {
namespace {

using match::Rule;
using testing::ElementsAre;
using testing::IsEmpty;

// Keeps what a record says, as "priority body [device properties] [set] ticket".
class FakePort final : public OutputPort {
 public:
  bool HasRoom(uint64_t bytes) override {
    asked = bytes;
    return room >= bytes;
  }
  bool HasRoomToSpare(uint64_t bytes) override { return room_to_spare >= bytes; }
  bool Takes(uint64_t, uint8_t priority) override { return priority <= least_urgent; }
  bool refuses() const override { return refuse; }
  void Append(const spool::RecordView& record) override {
    std::string text =
        std::to_string(record.priority) + (record.body_is_json ? " json " : " bytes ");
    text += std::string(record.body);
    for (const auto& p : record.device_properties)
      text += " " + std::string(p.name) + "=" + std::string(p.value);
    for (const auto& p : record.system_properties)
      text += " $" + std::string(p.name) + "=" + std::string(p.value);
    for (const auto& p : record.hub_properties)
      text += " !" + std::string(p.name) + "=" + std::string(p.value);
    if (record.ticket) text += " #" + std::to_string(record.ticket->sequence);
    records.push_back(text);
    ids.push_back(record.id);
    last_rule = record.rule;
  }
  void Flush() override { ++flushes; }

  uint64_t room = UINT64_MAX;
  uint64_t room_to_spare = UINT64_MAX;
  uint64_t asked = 0;
  uint8_t least_urgent = 9;  // that it takes
  bool refuse = false;
  int flushes = 0;
  uint16_t last_rule = 0;
  std::vector<std::string> records;
  std::vector<uint64_t> ids;
};

class PipelineTest : public testing::Test {
 protected:
  void Start(const std::vector<Rule>& rules, compile::RuleSetSpec spec = {}) {
    config::DeviceOptions devices;
    devices.publish = {"plant/{device}/#"};
    pipeline_ = std::make_unique<Pipeline>(
        std::make_shared<Admission>(devices), match::Compiled(rules, spec),
        std::vector<PipelineOutput>{{&hub_, true}, {&log_, log_acknowledges_}}, sequences_);
  }

  PublishResult Take(const std::string& topic, const std::string& payload, uint8_t qos = 1) {
    with_slack_ = payload + std::string(language::kPayloadSlack, ' ');
    ++sequence_;
    return pipeline_->Take(Published(topic, payload, qos));
  }

  // As after HasRoom(), when the room is tight.
  bool IsUrgent(const std::string& topic, const std::string& payload) {
    with_slack_ = payload + std::string(language::kPayloadSlack, ' ');
    EXPECT_TRUE(pipeline_->HasRoom(100));
    EXPECT_TRUE(pipeline_->is_tight());
    return pipeline_->IsUrgent(Published(topic, payload, 1));
  }

  Publish Published(const std::string& topic, const std::string& payload, uint8_t qos) {
    Publish publish;
    publish.identity = "dev-1";
    publish.topic = topic;
    publish.payload = std::string_view(with_slack_).substr(0, payload.size());
    publish.content_type = content_type_;
    publish.user_properties = properties_;
    publish.qos = qos;
    if (qos > 0) publish.ticket = session::AckTicket{.sequence = sequence_};
    return publish;
  }

  Sequences sequences_;
  FakePort hub_;
  FakePort log_;
  bool log_acknowledges_ = true;
  std::string_view content_type_;
  std::vector<language::PropertyView> properties_;
  std::string with_slack_;
  uint32_t sequence_ = 0;
  std::unique_ptr<Pipeline> pipeline_;
};

TEST_F(PipelineTest, MakesARecordForEachDelivery) {
  Start({Rule("a").Where("$body.t > 1").Set("alert", "hot").Priority(1),
         Rule("b").Select("t").Into("hub").Into("log")});
  const PublishResult result = Take("plant/dev-1/x", R"({"t":2,"u":3})");
  EXPECT_EQ(result.kind, PublishResult::Kind::kTaken);
  EXPECT_EQ(result.pending, 3);
  EXPECT_THAT(hub_.records,
              ElementsAre(R"(1 json {"t":2,"u":3} !alert=hot #1)", R"(5 json {"t":2} #1)"));
  EXPECT_THAT(log_.records, ElementsAre(R"(5 json {"t":2} #1)"));
  EXPECT_EQ(log_.last_rule, 1);
  EXPECT_EQ(hub_.ids[0], hub_.ids[1]);  // one accepted message
  pipeline_->EndTurn(0);
  EXPECT_EQ(hub_.flushes, 1);
  const PipelineCounters& counters = pipeline_->counters();
  EXPECT_EQ(counters.forwarded[0].Get(), 2U);
  EXPECT_EQ(counters.forwarded[1].Get(), 1U);
  EXPECT_EQ(counters.rules[0].matches.Get(), 1U);
}

TEST_F(PipelineTest, ForbidsWhatTemplatesDoNotAllow) {
  Start({Rule("all")});
  EXPECT_EQ(Take("plant/dev-2/x", "{}").kind, PublishResult::Kind::kForbidden);
  EXPECT_EQ(Take("$SYS/x", "{}").kind, PublishResult::Kind::kForbidden);
  EXPECT_THAT(hub_.records, IsEmpty());
  EXPECT_EQ(pipeline_->counters().rules[0].matches.Get(), 0U);
}

TEST_F(PipelineTest, CountsWhatIsDropped) {
  Start({Rule("chatter").From("plant/+/debug").Drop(), Rule("hot").Where("$body.t > 80"),
         Rule("shaped").From("plant/+/shaped").Select("t")});
  EXPECT_EQ(Take("plant/dev-1/debug", "x").pending, 0);
  EXPECT_EQ(Take("plant/dev-1/x", R"({"t":1})").pending, 0);
  EXPECT_EQ(Take("plant/dev-1/x", R"({"t":)").pending, 0);
  EXPECT_EQ(Take("plant/dev-1/shaped", "21.5").pending, 0);
  const PipelineCounters& counters = pipeline_->counters();
  EXPECT_EQ(counters.dropped[static_cast<size_t>(match::DropReason::kRule)].Get(),
            2U);  // by the rule that drops, and for want of a shape
  EXPECT_EQ(counters.dropped[static_cast<size_t>(match::DropReason::kDefault)].Get(), 2U);
  EXPECT_EQ(counters.rules[0].matches.Get(), 1U);
  EXPECT_EQ(counters.rules[1].errors.Get(), 1U);
  EXPECT_EQ(counters.rules[2].matches.Get(), 1U);
  EXPECT_EQ(counters.rules[2].errors.Get(), 1U);
  EXPECT_THAT(hub_.records, IsEmpty());
}

TEST_F(PipelineTest, RemovesForgedPropertiesBeforeRulesSeeThem) {
  Start({Rule("trusting").Where("origin-device = 'press-03'").Into("log"),
         Rule("all").Where("$messageId = '7'")});
  properties_ = {{"origin-device", "press-03"},
                 {"IoTHub-x", "1"},
                 {"$.cdid", "press-03"},
                 {"$.mid", "7"},
                 {"k", "v"}};
  Take("plant/dev-1/x", "x");
  EXPECT_THAT(log_.records, IsEmpty());
  EXPECT_THAT(hub_.records, ElementsAre("5 bytes x k=v $messageId=7 #1"));
  EXPECT_EQ(pipeline_->counters().forged_properties.Get(), 3U);
}

TEST_F(PipelineTest, TellsJsonFromOtherBodies) {
  compile::RuleSetSpec forward;
  forward.forward_by_default = true;
  struct {
    std::string_view type;
    std::string payload;
    bool is_json;
  } const kCases[] = {
      {{}, R"({"a":1})", true},
      {{}, "21.5", true},
      {{}, "nan", false},
      {{}, "", false},
      {{}, "{\"a\":\"\xff\"}", false},
      {"application/json", "[1]", true},
      {"application/json", "[1", false},
      {"text/plain", R"({"a":1})", false},  // its sender says that it is text
  };
  for (const bool read_by_rule : {false, true}) {
    std::vector<Rule> rules;
    if (read_by_rule) rules.push_back(Rule("r").Where("$body.a = 99"));
    Start(rules, forward);
    for (const auto& c : kCases) {
      SCOPED_TRACE(c.payload);
      content_type_ = c.type;
      hub_.records.clear();
      Take("plant/dev-1/x", c.payload);
      ASSERT_EQ(hub_.records.size(), 1U);
      EXPECT_EQ(hub_.records[0].find(" json ") != std::string::npos, c.is_json);
      EXPECT_EQ(hub_.last_rule, spool::kNoRule);
    }
  }
}

TEST_F(PipelineTest, AcknowledgesByOutputAndQos) {
  log_acknowledges_ = false;
  Start({Rule("a").Into("hub").Into("log")});
  EXPECT_EQ(Take("plant/dev-1/x", "x", 2).pending, 1);
  EXPECT_THAT(hub_.records, ElementsAre("5 bytes x #1"));
  EXPECT_THAT(log_.records, ElementsAre("5 bytes x"));
  EXPECT_EQ(Take("plant/dev-1/x", "y", 0).pending, 0);
  EXPECT_EQ(hub_.records.back(), "5 bytes y");
}

TEST_F(PipelineTest, Qos0WithoutRoomIsDroppedAndCounted) {
  Start({Rule("a").Into("hub").Into("log"), Rule("b").From("plant/+/hub")});
  hub_.room_to_spare = 0;
  EXPECT_EQ(Take("plant/dev-1/x", "x", 0).kind, PublishResult::Kind::kTaken);  // the log had room
  EXPECT_THAT(hub_.records, IsEmpty());
  EXPECT_THAT(log_.records, ElementsAre("5 bytes x"));
  log_.room_to_spare = 0;
  EXPECT_EQ(Take("plant/dev-1/x", "x", 0).kind, PublishResult::Kind::kNoRoom);
  EXPECT_EQ(pipeline_->counters().no_room[0].Get(), 2U);
  EXPECT_EQ(pipeline_->counters().no_room[1].Get(), 1U);
}

TEST_F(PipelineTest, HasRoomAsksForAllThatAMessageCanBecome) {
  Start({Rule("a"), Rule("b").Select("x"), Rule("c").Select("y")});
  EXPECT_TRUE(pipeline_->HasRoom(100));
  EXPECT_EQ(hub_.asked, 300U);
  EXPECT_EQ(log_.asked, 0U);  // nothing goes there
  hub_.room = 299;
  EXPECT_FALSE(pipeline_->HasRoom(100));
}

TEST_F(PipelineTest, TheLastRoomIsForWhatIsUrgentAndAskingHasNoEffect) {
  Start({Rule("hot").Where("$body.t > 80").Priority(2), Rule("trend").Where("$body.t > 10")});
  EXPECT_TRUE(pipeline_->HasRoom(100));
  EXPECT_FALSE(pipeline_->is_tight());
  hub_.least_urgent = 2;
  EXPECT_TRUE(IsUrgent("plant/dev-1/x", R"({"t":81})"));
  EXPECT_FALSE(IsUrgent("plant/dev-1/x", R"({"t":11})"));
  EXPECT_TRUE(IsUrgent("plant/dev-1/x", R"({"t":1})")) << "what is dropped needs no room";
  EXPECT_TRUE(IsUrgent("plant/dev-2/x", R"({"t":11})")) << "neither does what is forbidden";
  EXPECT_EQ(pipeline_->counters().rules[0].matches.Get(), 0U);
  EXPECT_THAT(hub_.records, IsEmpty());
  EXPECT_EQ(Take("plant/dev-1/x", R"({"t":81})").pending, 1);
}

TEST_F(PipelineTest, AnOutputMayRefuseWhatItHasNoRoomFor) {
  Start({Rule("a").Into("hub").Into("log"), Rule("b").From("plant/+/hub").Final().Into("hub")});
  hub_.refuse = true;
  hub_.least_urgent = 2;
  EXPECT_TRUE(pipeline_->HasRoom(100));
  EXPECT_FALSE(pipeline_->is_tight());
  const PublishResult both = Take("plant/dev-1/x", "x");
  EXPECT_EQ(both.kind, PublishResult::Kind::kTaken);  // the log took it
  EXPECT_EQ(both.pending, 1);
  EXPECT_THAT(hub_.records, IsEmpty());
  log_.refuse = true;
  log_.least_urgent = 0;
  EXPECT_EQ(Take("plant/dev-1/x", "x").kind, PublishResult::Kind::kRefused);
  EXPECT_EQ(pipeline_->counters().no_room[0].Get(), 2U);
}

TEST_F(PipelineTest, WhatNobodyHasRoomForIsNotKnownToHavePassed) {
  Start({Rule("change").OnChange("$body.t")});
  hub_.refuse = true;
  hub_.least_urgent = 2;
  hub_.room_to_spare = 0;
  EXPECT_EQ(Take("plant/dev-1/x", R"({"t":5})").kind, PublishResult::Kind::kRefused);
  EXPECT_EQ(Take("plant/dev-1/x", R"({"t":5})", 0).kind, PublishResult::Kind::kNoRoom);
  EXPECT_EQ(pipeline_->counters().no_room[0].Get(), 2U);
  hub_.least_urgent = 9;
  EXPECT_EQ(Take("plant/dev-1/x", R"({"t":5})").pending, 1);  // again: it has not passed yet
  EXPECT_EQ(hub_.records.size(), 1U);
  EXPECT_EQ(Take("plant/dev-1/x", R"({"t":5})").pending, 0);
  EXPECT_EQ(hub_.records.size(), 1U);
}

TEST(SequenceBlockTest, NumbersAreUnique) {
  Sequences sequences;
  SequenceBlock first(sequences), second(sequences);
  EXPECT_EQ(first.Next(), 1U);
  EXPECT_EQ(second.Next(), 1U + Sequences::kBlock);
  for (uint64_t i = 2; i <= Sequences::kBlock; ++i) EXPECT_EQ(first.Next(), i);
  EXPECT_EQ(first.Next(), 1U + 2 * Sequences::kBlock);
}

TEST_F(PipelineTest, WindowsCloseByAClockThatWasSetBack) {
  Start({Rule("w").Window(10'000, {{"n", "COUNT()"}})});
  pipeline_->EndTurn(1'000'000'000);
  Take("plant/dev-1/t", "x");
  pipeline_->EndTurn(500'000'000);
  EXPECT_THAT(hub_.records, IsEmpty());
  EXPECT_EQ(pipeline_->next_turn_us(), 510'000'000);
  pipeline_->EndTurn(510'000'000);
  EXPECT_THAT(hub_.records, ElementsAre(testing::HasSubstr("\"n\":1")));
}

TEST_F(PipelineTest, CountsOnWhereItsPredecessorEnded) {
  Start({Rule("gone"), Rule("stays").Where("$body.t > 1"), Rule("changes").Where("$body.t > 2")});
  Take("plant/dev-1/x", R"({"t":3})");
  Take("plant/dev-1/x", R"({"t":2})");
  const std::unique_ptr<Pipeline> old = std::move(pipeline_);
  Start({Rule("changes").Where("$body.t > 5"), Rule("new"), Rule("stays").Where("$body.t > 1")});
  pipeline_->Adopt(*old, compile::PredecessorsByName(old->program(), pipeline_->program()));
  Take("plant/dev-1/x", R"({"t":3})");
  const PipelineCounters& counters = pipeline_->counters();
  EXPECT_EQ(counters.rules[0].matches.Get(), 1U);
  EXPECT_EQ(counters.rules[1].matches.Get(), 1U);
  EXPECT_EQ(counters.rules[2].matches.Get(), 3U);
  EXPECT_EQ(counters.forwarded[0].Get(), 3U);
}

}  // namespace
}  // namespace sluice::pipeline
