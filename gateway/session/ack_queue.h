// The acknowledgement queue of one session: which QoS 1 and 2 publishes are not settled yet, and in
// what order their acknowledgements leave.
//
// Acknowledgements leave only from the head, in order of receipt. An entry whose connection has
// died stays until it is settled and then leaves in silence: a resend after the reconnect is an
// entry behind it, so it cannot be acknowledged before its first copy is safe.
//
// For each publish: (Receive [Judged Settle*] Drain)*. Nothing is allocated per message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "gateway/mqtt/protocol.h"
#include "gateway/mqtt/result.h"
#include "gateway/session/packet_id_set.h"

namespace sluice::session {

// An acknowledgement to be sent: PUBACK, PUBREC or PUBCOMP.
struct Ack {
  mqtt::PacketType type{};
  uint16_t packet_id = 0;
  mqtt::Reason reason = mqtt::Reason::kSuccess;
  int64_t received_us = 0;  // when its publish came, as Receive() was told
};

class AckQueue {
 public:
  // `receive_maximum`, 1 to 65,535: how many publishes a client may have in flight, and the length
  // of the queue. `max_packet_ids`: how many QoS 2 exchanges may await their PUBREL; MQTT 3.1.1
  // clients know no receive maximum and may have a great many, since the queue lets PUBLISHes of
  // which the PUBREC was sent go.
  explicit AckQueue(uint16_t receive_maximum, uint32_t max_packet_ids = kMaxPacketIds);

  static constexpr uint32_t kMaxPacketIds = 8192;

  // A connection takes the session up: what is in the queue belongs to those before it. Returns the
  // connection's epoch. MQTT 5 clients know the receive maximum and are held to it; 3.1.1 has none.
  uint32_t Attach(mqtt::Version version);
  // The connection is gone.
  void Detach();
  // The session's state has ended (expired, or a clean start): QoS 2 ids are forgotten. Unsettled
  // entries stay. Not while connected.
  void ForgetPacketIds();

  enum class Receipt : uint8_t {
    kNew,         // judge it, then call Judged()
    kKnown,       // a QoS 2 id known already: judge nothing; Drain() sends its PUBREC when its turn
                  // comes
    kRepeat,      // the same, and its PUBREC was sent on this very connection: send it again now
    kQueueFull,   // nothing was done: stop reading, and offer the publish again after a Drain()
    kOverQuota,   // the client broke the receive maximum: close with kReceiveMaximumExceeded
    kTooManyIds,  // more QoS 2 exchanges without PUBREL than can be remembered: close with
                  // kQuotaExceeded
  };
  // A publish of QoS 1 or 2 has come, with a packet id that is not 0. kNew: `sequence` names it
  // from now on. Whoever needs room elsewhere for it asks for that before. `now_us` (any clock)
  // comes back with the acknowledgement.
  Receipt Receive(uint16_t packet_id, uint8_t qos, uint32_t* sequence, int64_t now_us = 0);

  // The publish was judged: it is settled when `pending` settlements have come, at once if 0. A
  // reason of 0x80 or more refuses it: MQTT 5 hears the reason, MQTT 3.1.1 hears a plain
  // acknowledgement.
  void Judged(uint32_t sequence, uint16_t pending, mqtt::Reason reason = mqtt::Reason::kSuccess);
  // One settlement. False, and nothing done, if nothing of that sequence awaits one.
  bool Settle(uint32_t sequence);

  // Whether Drain() has anything to do.
  bool ready() const { return size_ > 0 && At(0).pending == 0; }

  // Calls `send(const Ack&)` for each acknowledgement that may leave now, in order. `send` must not
  // call back.
  template <typename Send>
  void Drain(const Send& send) {
    Ack ack;
    while (ready()) {
      if (Pop(&ack)) send(ack);
    }
  }

  enum class Release : uint8_t {
    kDone,      // answer PUBCOMP
    kUnknown,   // answer PUBCOMP, in MQTT 5 with kPacketIdNotFound
    kTooEarly,  // PUBREC was never sent: a protocol error [MQTT-4.3.3-5]
  };
  // A PUBREL has come.
  Release OnPubrel(uint16_t packet_id);

  bool empty() const { return size_ == 0; }  // nothing is unsettled
  size_t size() const { return size_; }
  bool connected() const { return connected_; }
  uint32_t epoch() const { return epoch_; }
  size_t known_packet_ids() const { return ids_.size(); }
  // Exchanges of the live connection that count against the receive maximum.
  uint32_t in_flight() const { return in_flight_; }

 private:
  struct Entry {
    uint32_t epoch = 0;  // of the connection it came on
    uint16_t packet_id = 0;
    uint16_t pending = 0;  // settlements awaited; 0: settled
    uint8_t qos = 0;
    bool first = false;  // false: the answer to a resend of a QoS 2 id known already
    mqtt::Reason reason = mqtt::Reason::kSuccess;
    int64_t received_us = 0;
  };

  Entry& At(uint32_t i) { return ring_[(head_sequence_ + i) & mask_]; }
  const Entry& At(uint32_t i) const { return ring_[(head_sequence_ + i) & mask_]; }
  Entry* Find(uint32_t sequence);
  uint32_t Push(uint16_t packet_id, uint8_t qos, bool first);
  Receipt ReceiveKnown(PacketIdSet::Entry* id);
  bool IsLive(const Entry& entry) const { return connected_ && entry.epoch == epoch_; }
  bool Pop(Ack* ack);
  void CloseExchange(const Entry& entry);
  void RefuseExchange(const Entry& entry, PacketIdSet::Entry* id);

  const uint32_t receive_maximum_;
  const uint32_t mask_;            // places in the ring - 1, a power of two
  std::unique_ptr<Entry[]> ring_;  // allocated at the first publish
  uint32_t head_sequence_ = 0;     // of the oldest entry; sequences wrap around
  uint32_t size_ = 0;
  uint32_t epoch_ = 0;
  uint32_t in_flight_ = 0;
  bool connected_ = false;
  bool enforce_quota_ = false;
  PacketIdSet ids_;
};

}  // namespace sluice::session
