#include "gateway/uplink/pack.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"

namespace sluice::uplink {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using spool::Property;
using spool::RecordView;

class PackerTest : public testing::Test {
 protected:
  Packer Make(Packer::Options options = {}) {
    options.topic_prefix = "devices/gw/messages/events/";
    options.epoch = "e";
    return Packer(std::move(options));
  }

  RecordView Record(std::string_view body, uint8_t priority = 5) {
    RecordView r;
    r.id = ++id_;
    r.priority = priority;
    r.device = "d";
    r.topic = "t";
    r.body = body;
    r.body_is_json = true;
    r.ticket = session::AckTicket{0, 0, 0, static_cast<uint32_t>(id_)};
    return r;
  }

  bool Add(Packer* packer, const RecordView& record) {
    return packer->Add(record, {record.id, 100}, now_);
  }

  // The closed messages, each as the ids that it settles.
  std::vector<std::vector<uint64_t>> Closed(Packer* packer) {
    std::vector<std::vector<uint64_t>> all;
    while (packer->has_closed()) {
      messages_.push_back(packer->TakeClosed());
      std::vector<uint64_t> ids;
      for (const spool::Receipt& receipt : messages_.back().receipts) ids.push_back(receipt.id);
      all.push_back(ids);
    }
    return all;
  }

  using Ids = std::vector<std::vector<uint64_t>>;

  uint64_t id_ = 0;
  Packer::TimePoint now_{};
  std::vector<HubMessage> messages_;
};

// What `set` takes from bodies can be long, and different each time.
TEST_F(PackerTest, PropertiesThatNoTopicCanHoldAreRefusedAndNotRemembered) {
  Packer packer = Make();
  EXPECT_TRUE(Add(&packer, Record("{}")));
  for (int i = 0; i < 300; ++i) {
    const std::string value = std::to_string(i) + std::string(kMaxTopicBytes, 'x');
    const Property set[] = {{"note", value}};
    RecordView record = Record("{}");
    record.hub_properties = set;
    EXPECT_FALSE(Add(&packer, record));
  }
  EXPECT_FALSE(packer.has_closed()) << "the pack in the making was closed to forget useless ones";
  packer.CloseAll();
  EXPECT_EQ(Closed(&packer), (Ids{{1}}));
}

TEST_F(PackerTest, APackIsAJsonArrayOfEnvelopes) {
  Packer packer = Make();
  Add(&packer, Record(R"({"a": 1})"));
  Add(&packer, Record("[2]"));
  packer.CloseAll();
  ASSERT_EQ(Closed(&packer), (Ids{{1, 2}}));
  const HubMessage& m = messages_.front();
  EXPECT_EQ(
      *m.payload,
      R"([{"id":"e-1","device":"d","topic":"t","time":"1970-01-01T00:00:00.000Z","body":{"a": 1}},)"
      R"({"id":"e-2","device":"d","topic":"t","time":"1970-01-01T00:00:00.000Z","body":[2]}])");
  EXPECT_EQ(*m.topic, "devices/gw/messages/events/%24.ct=application%2Fjson&%24.ce=utf-8");
  EXPECT_EQ(m.metered_bytes, m.payload->size() + 16 + 5);
  ASSERT_EQ(m.tickets.size(), 2u);
  EXPECT_EQ(m.tickets[1].sequence, 2u);
  EXPECT_TRUE(packer.empty());
}

// Whatever the sizes: no pack is over max_bytes, none could have taken the record behind it,
// nothing is lost and order is kept.
TEST_F(PackerTest, FillsPacksUpToMaxBytes) {
  for (const uint64_t max_bytes : {300u, 1000u, 4096u, 12288u}) {
    SCOPED_TRACE(max_bytes);
    messages_.clear();
    id_ = 0;
    Packer packer = Make({.max_bytes = max_bytes});
    for (int i = 0; i < 500; ++i) {
      const std::string body = '"' + std::string(static_cast<size_t>(i * 7919 % 190), 'x') + '"';
      ASSERT_TRUE(Add(&packer, Record(body)));
    }
    packer.CloseAll();
    Closed(&packer);
    uint64_t next = 1;
    for (size_t i = 0; i < messages_.size(); ++i) {
      const HubMessage& m = messages_[i];
      EXPECT_LE(m.metered_bytes, max_bytes);
      EXPECT_EQ(m.metered_bytes, m.payload->size() + 16 + 5);
      const json pack = json::parse(*m.payload);
      ASSERT_EQ(pack.size(), m.receipts.size());
      for (size_t k = 0; k < pack.size(); ++k) {
        ASSERT_EQ(m.receipts[k].id, next);
        ASSERT_EQ(pack[k]["id"], "e-" + std::to_string(next));
        ++next;
      }
      if (i + 1 < messages_.size()) {
        const std::string first = json::parse(*messages_[i + 1].payload)[0].dump();
        EXPECT_GT(m.metered_bytes + 1 + first.size(), max_bytes) << "closed too early";
      }
    }
    EXPECT_EQ(next, 501u);
  }
}

TEST_F(PackerTest, CountsHubSidePropertiesTowardsTheBlock) {
  const std::string value(2000, 'v');
  const Property hub[] = {{"line", value}};
  Packer packer = Make();
  for (int i = 0; i < 30; ++i) {
    RecordView r = Record("{}");
    r.hub_properties = hub;
    Add(&packer, r);
  }
  packer.CloseAll();
  Closed(&packer);
  ASSERT_GE(messages_.size(), 2u);
  for (const HubMessage& m : messages_) {
    EXPECT_EQ(m.metered_bytes, m.payload->size() + 16 + 5 + 4 + 2000);
    EXPECT_LE(m.metered_bytes, 4096u);
  }
}

TEST_F(PackerTest, RecordsSharePacksByPriorityAndHubSideProperties) {
  const Property a[] = {{"alert", "hot"}};
  const Property b[] = {{"alert", "cold"}};
  Packer packer = Make();
  const auto add = [&](std::span<const Property> hub, uint8_t priority) {
    RecordView r = Record("{}", priority);
    r.hub_properties = hub;
    Add(&packer, r);
  };
  add({}, 5);
  add(a, 5);
  add(b, 5);
  add({}, 6);
  add(a, 5);
  add({}, 5);
  packer.CloseAll();
  EXPECT_EQ(Closed(&packer), (Ids{{1, 6}, {2, 5}, {3}, {4}}));
  EXPECT_EQ(*messages_[1].topic,
            "devices/gw/messages/events/%24.ct=application%2Fjson&%24.ce=utf-8&alert=hot");
}

TEST_F(PackerTest, APackClosesWhenItsFirstRecordHasWaitedMaxDelay) {
  Packer packer = Make({.max_delay = 100ms});
  EXPECT_FALSE(packer.next_due().has_value());
  Add(&packer, Record("{}"));
  const Packer::TimePoint due = now_ + 100ms;
  now_ += 60ms;
  Add(&packer, Record("{}"));
  EXPECT_EQ(packer.next_due(), due);
  packer.CloseDue(due - 1ms);
  EXPECT_EQ(Closed(&packer), (Ids{}));
  packer.CloseDue(due);
  EXPECT_EQ(Closed(&packer), (Ids{{1, 2}}));
  EXPECT_FALSE(packer.next_due().has_value());
}

TEST_F(PackerTest, PriorityTwoAndBelowClosesWithWhatIsAtHand) {
  Packer packer = Make({.max_delay = 1h});
  Add(&packer, Record("{}", 5));
  Add(&packer, Record("{}", 2));
  Add(&packer, Record("{}", 2));
  EXPECT_LE(packer.next_due(), now_);
  packer.CloseDue(now_);
  EXPECT_EQ(Closed(&packer), (Ids{{2, 3}}));
  Add(&packer, Record("{}", 0));
  Add(&packer, Record("{}", 5));
  EXPECT_EQ(Closed(&packer), (Ids{{4}})) << "not held up by what is less urgent";
}

TEST_F(PackerTest, ARecordLargerThanAPackTravelsAloneInOne) {
  Packer packer = Make();
  const std::string large = '"' + std::string(9000, 'x') + '"';
  Add(&packer, Record("{}"));
  Add(&packer, Record(large));
  Add(&packer, Record("{}"));
  packer.CloseAll();
  EXPECT_EQ(Closed(&packer), (Ids{{1}, {2}, {3}}));
  EXPECT_EQ(json::parse(*messages_[1].payload)[0]["body"].get<std::string>().size(), 9000u);
}

TEST_F(PackerTest, WhatBase64MakesTooLargeTravelsUnpacked) {
  Packer packer = Make();
  const std::string binary(200'000, '\xff');
  Add(&packer, Record("{}"));
  RecordView r = Record(binary);
  r.body_is_json = false;
  EXPECT_TRUE(Add(&packer, r));
  Add(&packer, Record("{}"));
  packer.CloseAll();
  EXPECT_EQ(Closed(&packer), (Ids{{1}, {2}, {3}}));
  EXPECT_EQ(*messages_[1].payload, binary);
  EXPECT_NE(messages_[1].topic->find("origin-device=d"), std::string::npos);
}

TEST_F(PackerTest, WhatTheHubWouldNeverTakeIsRefused) {
  for (const bool pack : {true, false}) {
    SCOPED_TRACE(pack);
    Packer packer = Make({.pack = pack});
    const std::string huge = '"' + std::string(262'143, 'x') + '"';
    EXPECT_FALSE(Add(&packer, Record(huge)));
    // Metered it would do, but the topic cannot hold it.
    const std::string spaces(30'000, ' ');
    const Property hub[] = {{"p", spaces}};
    RecordView r = Record("{}");
    r.hub_properties = hub;
    EXPECT_FALSE(Add(&packer, r));
    EXPECT_TRUE(packer.empty());
    EXPECT_TRUE(Add(&packer, Record("{}")));
    packer.CloseAll();
    EXPECT_EQ(Closed(&packer).size(), 1u);
  }
}

TEST_F(PackerTest, WithoutPackingARecordIsAMessage) {
  const Property hub[] = {{"alert", "hot"}};
  Packer packer = Make({.pack = false});
  RecordView r = Record(R"({"a": 1})");
  r.hub_properties = hub;
  Add(&packer, r);
  Add(&packer, Record("x", 9));
  EXPECT_EQ(Closed(&packer), (Ids{{1}, {2}}));
  const HubMessage& m = messages_.front();
  EXPECT_EQ(*m.payload, R"({"a": 1})");
  EXPECT_EQ(*m.topic,
            "devices/gw/messages/events/%24.mid=e-1&%24.ct=application%2Fjson&%24.ce=utf-8&"
            "origin-device=d&origin-topic=t&origin-time=1970-01-01T00%3A00%3A00.000Z&alert=hot");
  EXPECT_EQ(m.metered_bytes, 8u + 3 + 16 + 5 + 14 + 13 + 35 + 8);
}

TEST_F(PackerTest, ManyPropertySetsAreBounded) {
  Packer packer = Make();
  for (int i = 0; i < 1000; ++i) {
    const std::string value = std::to_string(i);
    const Property hub[] = {{"n", value}};
    RecordView r = Record("{}");
    r.hub_properties = hub;
    Add(&packer, r);
  }
  EXPECT_GE(Closed(&packer).size(), 700u);
  packer.CloseAll();
  Closed(&packer);
  EXPECT_EQ(messages_.size(), 1000u);
}

}  // namespace
}  // namespace sluice::uplink
