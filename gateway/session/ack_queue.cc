#include "gateway/session/ack_queue.h"

#include <bit>
#include <cassert>

namespace sluice::session {
namespace {

bool Refuses(mqtt::Reason reason) { return static_cast<uint8_t>(reason) >= 0x80; }

}  // namespace

AckQueue::AckQueue(uint16_t receive_maximum, uint32_t max_packet_ids)
    : receive_maximum_(receive_maximum),
      mask_(std::bit_ceil(uint32_t{receive_maximum}) - 1),
      ids_(max_packet_ids) {
  assert(receive_maximum > 0);
}

uint32_t AckQueue::Attach(mqtt::Version version) {
  connected_ = true;
  enforce_quota_ = version == mqtt::Version::k5;
  in_flight_ = 0;
  return ++epoch_;
}

void AckQueue::Detach() {
  connected_ = false;
  in_flight_ = 0;
}

void AckQueue::ForgetPacketIds() {
  assert(!connected_);
  ids_.Clear();
  // All entries are of dead connections and leave in silence; without ids there is nothing else to
  // QoS 2.
  for (uint32_t i = 0; i < size_; ++i) At(i).qos = 1;
}

AckQueue::Receipt AckQueue::Receive(uint16_t packet_id, uint8_t qos, uint32_t* sequence,
                                    int64_t now_us) {
  assert(connected_ && packet_id != 0 && (qos == 1 || qos == 2));
  if (qos == 2) {
    if (PacketIdSet::Entry* id = ids_.Find(packet_id)) return ReceiveKnown(id);
  }
  if (enforce_quota_ && in_flight_ >= receive_maximum_) return Receipt::kOverQuota;
  if (qos == 2 && ids_.full()) return Receipt::kTooManyIds;
  if (size_ == receive_maximum_) return Receipt::kQueueFull;
  if (qos == 2) ids_.Insert(packet_id, epoch_);
  *sequence = Push(packet_id, qos, /*first=*/true);
  Entry& entry = At(size_ - 1);
  entry.pending = 1;  // the judgement itself
  entry.received_us = now_us;
  return Receipt::kNew;
}

AckQueue::Receipt AckQueue::ReceiveKnown(PacketIdSet::Entry* id) {
  // On one connection nothing gets lost: either the answer is on its way, or it will be.
  if (id->epoch == epoch_) return id->received_sent ? Receipt::kRepeat : Receipt::kKnown;
  if (enforce_quota_ && in_flight_ >= receive_maximum_) return Receipt::kOverQuota;
  if (size_ == receive_maximum_) return Receipt::kQueueFull;
  // The first copy, if not settled yet, is ahead in the queue, so this answer cannot overtake it.
  id->epoch = epoch_;
  id->received_sent = false;
  Push(id->packet_id, 2, /*first=*/false);
  return Receipt::kKnown;
}

uint32_t AckQueue::Push(uint16_t packet_id, uint8_t qos, bool first) {
  if (ring_ == nullptr) ring_ = std::make_unique<Entry[]>(mask_ + 1);
  const uint32_t sequence = head_sequence_ + size_;
  Entry& entry = ring_[sequence & mask_];
  entry = {};
  entry.epoch = epoch_;
  entry.packet_id = packet_id;
  entry.qos = qos;
  entry.first = first;
  ++size_;
  ++in_flight_;
  return sequence;
}

AckQueue::Entry* AckQueue::Find(uint32_t sequence) {
  const uint32_t i = sequence - head_sequence_;
  return i < size_ ? &At(i) : nullptr;
}

void AckQueue::Judged(uint32_t sequence, uint16_t pending, mqtt::Reason reason) {
  Entry* entry = Find(sequence);
  assert(entry != nullptr && entry->pending > 0);
  entry->pending = static_cast<uint16_t>(entry->pending - 1 + pending);
  entry->reason = reason;
}

bool AckQueue::Settle(uint32_t sequence) {
  Entry* entry = Find(sequence);
  if (entry == nullptr || entry->pending == 0) return false;
  --entry->pending;
  return true;
}

// Takes the head off. False: it leaves in silence.
bool AckQueue::Pop(Ack* ack) {
  const Entry entry = At(0);
  ++head_sequence_;
  --size_;
  CloseExchange(entry);
  if (!IsLive(entry)) return false;
  *ack = {entry.qos == 1 ? mqtt::PacketType::kPuback : mqtt::PacketType::kPubrec, entry.packet_id,
          entry.reason, entry.received_us};
  return true;
}

// The entry has left the queue.
void AckQueue::CloseExchange(const Entry& entry) {
  const bool live = IsLive(entry);
  if (entry.qos == 1) {
    if (live) --in_flight_;
    return;
  }
  PacketIdSet::Entry* id = ids_.Find(entry.packet_id);
  if (id == nullptr) return;
  if (Refuses(entry.reason)) {
    if (live) --in_flight_;
    RefuseExchange(entry, id);
  } else if (live) {
    id->received_sent = true;
  }
}

// A PUBREC that refuses ends the exchange (section 4.3.3): the id is free, the next PUBLISH of it
// is new. If the client has sent the publish again since, the answer to that, further back, is the
// one that will say so.
void AckQueue::RefuseExchange(const Entry& entry, PacketIdSet::Entry* id) {
  if (id->epoch == entry.epoch) {
    ids_.Erase(id);
    return;
  }
  for (uint32_t i = 0; i < size_; ++i) {
    Entry& answer = At(i);
    if (answer.qos == 2 && !answer.first && answer.packet_id == entry.packet_id)
      answer.reason = entry.reason;
  }
}

AckQueue::Release AckQueue::OnPubrel(uint16_t packet_id) {
  PacketIdSet::Entry* id = ids_.Find(packet_id);
  if (id == nullptr) return Release::kUnknown;
  if (!id->received_sent) return Release::kTooEarly;
  if (id->epoch == epoch_) --in_flight_;
  ids_.Erase(id);
  return Release::kDone;
}

}  // namespace sluice::session
