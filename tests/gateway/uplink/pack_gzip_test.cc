#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/uplink/gzip_fit.h"
#include "gateway/uplink/pack.h"
#include "nlohmann/json.hpp"
#include "tests/gunzip.h"

namespace sluice::uplink {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using spool::RecordView;

constexpr uint64_t kFixedBytes = 16 + 4;  // application/json, gzip

class GzipPackerTest : public testing::Test {
 protected:
  Packer Make(uint64_t max_bytes = kBlockBytes) {
    return Packer({.topic_prefix = "devices/gw/messages/events/",
                   .epoch = "e",
                   .gzip = true,
                   .max_bytes = max_bytes});
  }

  // Every third waits for nobody.
  bool Add(Packer* packer, std::string_view body, uint8_t priority = 5) {
    RecordView r;
    r.id = ++id_;
    r.priority = priority;
    r.device = "press-03";
    r.topic = "plant/line2/press-03/telemetry";
    r.body = body;
    r.body_is_json = true;
    if (id_ % 3 != 0) r.ticket = session::AckTicket{0, 0, 0, static_cast<uint32_t>(id_)};
    return packer->Add(r, {r.id, 100}, now_);
  }

  // A reading unlike the one before, as machines send them.
  std::string Reading() {
    random_ = random_ * 6364136223846793005u + 1442695040888963407u;
    const auto digits = [&](int shift, int below) {
      return std::to_string((random_ >> shift) % static_cast<uint64_t>(below));
    };
    return R"({"seq":)" + digits(11, 100000) + R"(,"temperature":6)" + digits(20, 9) + "." +
           digits(25, 10) + R"(,"unit":"C","pressure":18)" + digits(30, 9) + "." + digits(35, 10) +
           R"(,"force":12)" + digits(40, 99) + R"(,"state":"running"})";
  }
  std::string Noise(size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
      random_ = random_ * 6364136223846793005u + 1442695040888963407u;
      text += "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-"[random_ >> 58];
    }
    return '"' + text + '"';
  }

  void Drain(Packer* packer) {
    while (packer->has_closed()) messages_.push_back(packer->TakeClosed());
  }

  // Each message is an array of the records that it settles; all together are 1 to id_, in order.
  void ExpectAllInOrder(uint64_t max_bytes) {
    uint64_t next = 1;
    for (const HubMessage& m : messages_) {
      EXPECT_LE(m.metered_bytes, max_bytes);
      EXPECT_EQ(m.metered_bytes, m.payload->size() + kFixedBytes);
      EXPECT_EQ(*m.topic, "devices/gw/messages/events/%24.ct=application%2Fjson&%24.ce=gzip");
      const auto text = Gunzip(*m.payload);
      ASSERT_TRUE(text.has_value());
      const json pack = json::parse(*text);
      ASSERT_EQ(pack.size(), m.receipts.size());
      size_t tickets = 0;
      for (size_t i = 0; i < pack.size(); ++i, ++next) {
        ASSERT_EQ(pack[i]["id"], "e-" + std::to_string(next));
        ASSERT_EQ(m.receipts[i].id, next);
        if (next % 3 == 0) continue;
        ASSERT_LT(tickets, m.tickets.size());
        ASSERT_EQ(m.tickets[tickets++].sequence, next);
      }
      EXPECT_EQ(tickets, m.tickets.size());
    }
    EXPECT_EQ(next, id_ + 1);
  }

  uint64_t id_ = 0;
  uint64_t random_ = 1;
  Packer::TimePoint now_{};
  std::vector<HubMessage> messages_;
};

TEST_F(GzipPackerTest, FillsPacksUpToMaxBytesCompressed) {
  for (const uint64_t max_bytes : {512u, 4096u, 65'536u}) {
    SCOPED_TRACE(max_bytes);
    messages_.clear();
    id_ = 0;
    Packer packer = Make(max_bytes);
    const int readings = max_bytes == 65'536 ? 10'000 : 3'000;
    for (int i = 0; i < readings; ++i) ASSERT_TRUE(Add(&packer, Reading()));
    packer.CloseAll();
    Drain(&packer);
    ExpectAllInOrder(max_bytes);
    ASSERT_GE(messages_.size(), 3u);
    // All but the last are nearly full.
    uint64_t bytes = 0;
    for (size_t i = 0; i + 1 < messages_.size(); ++i) bytes += messages_[i].metered_bytes;
    EXPECT_GE(bytes, max_bytes * (messages_.size() - 1) * 9 / 10);
  }
}

// What compresses well, badly and well again, so that every guess by the last pack is wrong.
TEST_F(GzipPackerTest, KeepsToMaxBytesWhateverCompressesHow) {
  Packer packer = Make();
  for (int stretch = 0; stretch < 12; ++stretch) {
    for (int i = 0; i < 300; ++i) {
      const std::string body = stretch % 3 == 0 ? "0" : stretch % 3 == 1 ? Noise(300) : Reading();
      ASSERT_TRUE(Add(&packer, body));
    }
  }
  packer.CloseAll();
  Drain(&packer);
  ExpectAllInOrder(kBlockBytes);
}

TEST_F(GzipPackerTest, ARecordLargerThanMaxBytesTravelsAlone) {
  Packer packer = Make(512);
  ASSERT_TRUE(Add(&packer, "1"));
  ASSERT_TRUE(Add(&packer, Noise(3000)));
  ASSERT_TRUE(Add(&packer, "2"));
  packer.CloseAll();
  Drain(&packer);
  ExpectAllInOrder(3000);
  ASSERT_GE(messages_.size(), 2u);
  EXPECT_GT(messages_[messages_.size() == 2 ? 0 : 1].metered_bytes, 512u);
}

TEST_F(GzipPackerTest, WhatNoPackCanHoldTravelsUncompressedBehindWhatCameBefore) {
  Packer packer = Make();
  ASSERT_TRUE(Add(&packer, "1"));
  ASSERT_TRUE(Add(&packer, Noise(261'800)));
  ASSERT_FALSE(Add(&packer, Noise(262'200)));
  Drain(&packer);
  ASSERT_EQ(messages_.size(), 2u);
  EXPECT_EQ(messages_[0].receipts[0].id, 1u);
  EXPECT_TRUE(Gunzip(*messages_[0].payload).has_value());
  EXPECT_EQ(messages_[1].receipts[0].id, 2u);
  EXPECT_EQ(messages_[1].payload->size(), 261'802u);
  EXPECT_TRUE(packer.empty());
}

TEST_F(GzipPackerTest, WaitsNoLongerThanMaxDelayAndUrgentOnesNotAtAll) {
  Packer packer = Make();
  ASSERT_TRUE(Add(&packer, "1"));
  EXPECT_EQ(packer.next_due(), now_ + 1s);
  packer.CloseDue(now_ + 1s);
  ASSERT_TRUE(packer.has_closed());
  Drain(&packer);
  ASSERT_TRUE(Add(&packer, "2", 0));
  packer.CloseDue(now_ + 1s);
  ASSERT_TRUE(packer.has_closed());
  Drain(&packer);
  ExpectAllInOrder(kBlockBytes);
}

// Never compressing well must not gather without end.
TEST_F(GzipPackerTest, TheTextOfAPackIsBounded) {
  Packer packer = Make();
  const std::string zeros = '"' + std::string(1000, '0') + '"';
  size_t added = 0;
  while (!packer.has_closed() && added < 10'000) {
    ASSERT_TRUE(Add(&packer, zeros));
    ++added;
  }
  EXPECT_LE(added, 32 * kBlockBytes / 1000 + 1);
}

TEST(FitCompressedTest, TakesAsManyMembersAsFit) {
  std::string array = "[";
  std::vector<uint32_t> ends;
  for (int i = 0; i < 200; ++i) {
    array += (i == 0 ? "\"" : ",\"") + std::to_string(i * 7919 % 1000) + "\"";
    ends.push_back(static_cast<uint32_t>(array.size()));
  }
  Gzip gzip;
  std::string out;
  size_t before = 0;
  uint64_t tries = 0;
  for (const uint64_t limit : {1u, 60u, 100u, 200u, 300u, 10'000u}) {
    const size_t count = FitCompressed(gzip, array, ends, limit, &out, &tries);
    SCOPED_TRACE(testing::Message() << limit << " bytes, " << count << " members");
    EXPECT_GE(count, before);
    EXPECT_TRUE(out.size() <= limit || count == 1);
    EXPECT_EQ(Gunzip(out), array.substr(0, ends[count - 1]) + "]");
    before = count;
  }
  EXPECT_EQ(before, 200u);
}

}  // namespace
}  // namespace sluice::uplink
