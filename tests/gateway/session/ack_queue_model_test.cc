// The acknowledgement queue against a model that remembers everything: random clients, honest and
// not, random settlements, reconnects and clean starts.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gateway/session/ack_queue.h"

namespace sluice::session {
namespace {

using mqtt::PacketType;
using mqtt::Reason;
using mqtt::Version;

// What the design says, said again without rings, counters or tables.
class Model {
 public:
  struct Publish {
    uint32_t sequence;
    uint16_t packet_id;
    uint8_t qos;
    int connection;  // on which it came
    int session;     // its QoS 2 exchange belongs to
    int pending;
    bool resend;  // of an exchange that is known
    Reason reason;
  };
  struct Exchange {
    int connection;  // on which its PUBLISH came last
    bool answered;   // by a PUBREC, on that connection
    Reason refused = Reason::kSuccess;
  };

  int connection = 0;  // 0: none
  int session = 0;
  bool mqtt5 = false;
  std::deque<Publish> queue;
  std::map<uint16_t, Exchange> exchanges;

  size_t Quota() const {
    size_t open = 0;
    for (const Publish& p : queue) open += p.connection == connection ? 1 : 0;
    for (const auto& [id, e] : exchanges) open += e.connection == connection && e.answered ? 1 : 0;
    return open;
  }

  std::vector<std::string> Drain() {
    std::vector<std::string> sent;
    while (!queue.empty() && queue.front().pending == 0) {
      const Publish head = queue.front();
      queue.pop_front();
      const bool refused = static_cast<uint8_t>(head.reason) >= 0x80;
      const bool live = connection != 0 && head.connection == connection;
      if (live) sent.push_back(Name(head));
      if (head.qos != 2 || head.session != session) continue;
      const auto exchange = exchanges.find(head.packet_id);
      if (exchange == exchanges.end()) continue;
      if (refused && exchange->second.connection == head.connection) {
        exchanges.erase(exchange);
      } else if (refused) {
        for (Publish& p : queue) {
          if (p.resend && p.packet_id == head.packet_id && p.session == session)
            p.reason = head.reason;
        }
      } else if (live) {
        exchange->second.answered = true;
      }
    }
    return sent;
  }

  static std::string Name(const Publish& p) {
    return std::string(p.qos == 1 ? "PUBACK " : "PUBREC ") + std::to_string(p.packet_id) + " " +
           std::to_string(static_cast<int>(p.reason));
  }
};

class Scenario {
 public:
  explicit Scenario(uint32_t seed) : random_(seed) {}

  void Run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) Step();
  }

 private:
  static constexpr uint16_t kReceiveMaximum = 5;
  static constexpr uint32_t kMaxIds = 9;

  uint32_t Below(uint32_t n) { return random_() % n; }

  void Step() {
    if (model_.connection == 0) {
      if (Below(3) == 0) return Connect();
      return Settle();
    }
    switch (Below(12)) {
      case 0:
        return Below(4) == 0 ? Disconnect() : Pubrel();
      case 1:
      case 2:
        return Pubrel();
      case 3:
      case 4:
      case 5:
      case 6:
        return Settle();
      default:
        return Publish();
    }
  }

  void Connect() {
    if (Below(4) == 0) {
      queue_.ForgetPacketIds();
      model_.exchanges.clear();
      ++model_.session;
    }
    model_.mqtt5 = Below(2) == 0;
    queue_.Attach(model_.mqtt5 ? Version::k5 : Version::k311);
    model_.connection = ++connections_;
    ExpectSame();
  }

  void Disconnect() {
    queue_.Detach();
    model_.connection = 0;
    ExpectSame();
  }

  void Publish() {
    const auto id = static_cast<uint16_t>(1 + Below(7));
    const auto qos = static_cast<uint8_t>(1 + Below(2));
    const AckQueue::Receipt expected = Expected(id, qos);
    uint32_t sequence = 0;
    ASSERT_EQ(queue_.Receive(id, qos, &sequence), expected);
    if (expected == AckQueue::Receipt::kNew) Judge(sequence, id, qos);
    ExpectSame();
  }

  // What the model says of a publish; a resend that gets a place in the queue is put there.
  AckQueue::Receipt Expected(uint16_t id, uint8_t qos) {
    const bool over_quota = model_.mqtt5 && model_.Quota() >= kReceiveMaximum;
    const bool full = model_.queue.size() == kReceiveMaximum;
    const auto exchange = model_.exchanges.find(id);
    if (qos == 2 && exchange != model_.exchanges.end()) {
      Model::Exchange& e = exchange->second;
      if (e.connection == model_.connection) {
        return e.answered ? AckQueue::Receipt::kRepeat : AckQueue::Receipt::kKnown;
      }
      if (over_quota) return AckQueue::Receipt::kOverQuota;
      if (full) return AckQueue::Receipt::kQueueFull;
      e = {model_.connection, false};
      model_.queue.push_back(
          {next_sequence_++, id, 2, model_.connection, model_.session, 0, true, Reason::kSuccess});
      return AckQueue::Receipt::kKnown;
    }
    if (over_quota) return AckQueue::Receipt::kOverQuota;
    if (qos == 2 && model_.exchanges.size() == kMaxIds) return AckQueue::Receipt::kTooManyIds;
    return full ? AckQueue::Receipt::kQueueFull : AckQueue::Receipt::kNew;
  }

  void Judge(uint32_t sequence, uint16_t id, uint8_t qos) {
    ASSERT_EQ(sequence, next_sequence_++);
    const auto pending = static_cast<uint16_t>(Below(3));
    const Reason reason = pending == 0 && Below(3) == 0 ? Reason::kNotAuthorized : Reason::kSuccess;
    queue_.Judged(sequence, pending, reason);
    model_.queue.push_back(
        {sequence, id, qos, model_.connection, model_.session, pending, false, reason});
    if (qos == 2) model_.exchanges[id] = {model_.connection, false};
  }

  // Mostly of something unsettled, sometimes of anything.
  void Settle() {
    std::vector<uint32_t> unsettled;
    for (const Model::Publish& p : model_.queue) {
      if (p.pending > 0) unsettled.push_back(p.sequence);
    }
    const bool wild = unsettled.empty() || Below(10) == 0;
    const uint32_t sequence = wild ? next_sequence_ - 8 + Below(12)
                                   : unsettled[Below(static_cast<uint32_t>(unsettled.size()))];
    bool settles = false;
    for (Model::Publish& p : model_.queue) {
      if (p.sequence != sequence || p.pending == 0) continue;
      --p.pending;
      settles = true;
    }
    ASSERT_EQ(queue_.Settle(sequence), settles);
    ExpectSame();
  }

  void Pubrel() {
    const auto id = static_cast<uint16_t>(1 + Below(7));
    AckQueue::Release expected = AckQueue::Release::kUnknown;
    const auto exchange = model_.exchanges.find(id);
    if (exchange != model_.exchanges.end()) {
      expected =
          exchange->second.answered ? AckQueue::Release::kDone : AckQueue::Release::kTooEarly;
      if (exchange->second.answered) model_.exchanges.erase(exchange);
    }
    ASSERT_EQ(queue_.OnPubrel(id), expected);
    ExpectSame();
  }

  void ExpectSame() {
    std::vector<std::string> sent;
    queue_.Drain([&sent](const Ack& ack) {
      sent.push_back(std::string(ack.type == PacketType::kPuback ? "PUBACK " : "PUBREC ") +
                     std::to_string(ack.packet_id) + " " +
                     std::to_string(static_cast<int>(ack.reason)));
    });
    ASSERT_EQ(sent, model_.Drain());
    ASSERT_EQ(queue_.size(), model_.queue.size());
    ASSERT_EQ(queue_.known_packet_ids(), model_.exchanges.size());
    ASSERT_EQ(queue_.in_flight(), model_.connection == 0 ? 0 : model_.Quota());
  }

  std::mt19937 random_;
  AckQueue queue_{kReceiveMaximum, kMaxIds};
  Model model_;
  uint32_t next_sequence_ = 0;
  int connections_ = 0;
};

TEST(AckQueueModelTest, AgreesOverRandomScenarios) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Scenario(seed).Run(400);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace sluice::session
