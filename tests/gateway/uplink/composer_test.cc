// Messages for any broker; those for IoT Hub are in pack_test.cc and envelope_test.cc.
#include "gateway/uplink/composer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/uplink/pack.h"
#include "nlohmann/json.hpp"

namespace sluice::uplink {
namespace {

using nlohmann::json;
using spool::Property;
using spool::RecordView;

class BrokerComposerTest : public testing::Test {
 protected:
  RecordView Record(std::string_view body) {
    RecordView record;
    record.id = ++id_;
    record.device = "press-01";
    record.topic = "plant/line2/press-01/t";
    record.body = body;
    record.body_is_json = true;
    record.hub_properties = set_;
    record.device_properties = device_;
    record.system_properties = system_;
    return record;
  }

  // The only message that the packer makes of these bodies.
  HubMessage Composed(const std::string& topic, bool pack, std::vector<std::string> bodies) {
    Packer packer({.broker_topic = topic, .epoch = "e", .pack = pack});
    for (const std::string& body : bodies) {
      const RecordView record = Record(body);
      EXPECT_TRUE(packer.Add(record, {record.id, 100}, {}));
    }
    packer.CloseAll();
    EXPECT_TRUE(packer.has_closed());
    HubMessage message = packer.TakeClosed();
    EXPECT_FALSE(packer.has_closed());
    return message;
  }

  uint64_t id_ = 0;
  std::vector<Property> set_;
  std::vector<Property> device_;
  std::vector<Property> system_;
};

TEST_F(BrokerComposerTest, APackHasOneTopicAndItsMembersTheirProperties) {
  set_ = {{"alert", "hot"}, {"Unit", "C"}};
  device_ = {{"unit", "F"}, {"fw", "1.2"}};
  system_ = {{"messageId", "m-1"}};
  const HubMessage message = Composed("sluice/gw-01", true, {R"({"t":1})", R"({"t":2})"});
  EXPECT_EQ(*message.topic, "sluice/gw-01");
  const json pack = json::parse(*message.payload);
  ASSERT_EQ(pack.size(), 2U);
  EXPECT_EQ(pack[1]["body"], json::parse(R"({"t":2})"));
  EXPECT_EQ(pack[1]["device"], "press-01");
  EXPECT_EQ(pack[1]["properties"],
            json::parse(R"({"messageId":"m-1","fw":"1.2","alert":"hot","Unit":"C"})"));
}

TEST_F(BrokerComposerTest, WhatRulesSetReplacesADevicesSystemProperty) {
  set_ = {{"messageId", "mine"}};
  system_ = {{"messageId", "m-1"}};
  const HubMessage message = Composed("t", true, {"1"});
  EXPECT_EQ(json::parse(*message.payload)[0]["properties"], json::parse(R"({"messageId":"mine"})"));
  EXPECT_EQ(message.payload->find("messageId"), message.payload->rfind("messageId"));
}

TEST_F(BrokerComposerTest, RecordsWithDifferentSetsShareAPack) {
  Packer packer({.broker_topic = "t", .epoch = "e"});
  const std::vector<Property> other = {{"alert", "cold"}};
  RecordView record = Record("1");
  packer.Add(record, {1, 100}, {});
  record.hub_properties = other;
  packer.Add(record, {2, 100}, {});
  packer.CloseAll();
  EXPECT_EQ(json::parse(*packer.TakeClosed().payload).size(), 2U);
}

TEST_F(BrokerComposerTest, OneByOneTheTopicNamesTheRecords) {
  struct {
    const char* topic;
    const char* made;
  } const kCases[] = {
      {"{topic}", "plant/line2/press-01/t"},
      {"site/{device}/{topic}", "site/press-01/plant/line2/press-01/t"},
      {"fixed", "fixed"},
      {"{device}{device}", "press-01press-01"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.topic);
    const HubMessage message = Composed(c.topic, false, {R"({"t": 1})"});
    EXPECT_EQ(*message.topic, c.made);
    EXPECT_EQ(*message.payload, R"({"t": 1})");
  }
}

TEST_F(BrokerComposerTest, WhatTheHubWouldRefuseTravelsInAPackOfItsOwn) {
  const std::string body(300'000, '1');
  const HubMessage message = Composed("t", true, {body});
  EXPECT_GT(message.payload->size(), body.size());
  EXPECT_EQ(message.payload->front(), '[');
}

TEST_F(BrokerComposerTest, ATopicTooLongForMqttIsRefused) {
  Packer packer({.broker_topic = "{topic}/{topic}", .epoch = "e", .pack = false});
  const std::string topic(40'000, 't');
  RecordView record = Record("1");
  record.topic = topic;
  EXPECT_FALSE(packer.Add(record, {1, 100}, {}));
}

}  // namespace
}  // namespace sluice::uplink
