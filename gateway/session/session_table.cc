#include "gateway/session/session_table.h"

#include <cassert>
#include <limits>

namespace sluice::session {
namespace {

// Neither half holds a NUL: the identity by the handshake's check, the client id by MQTT's.
std::string KeyOf(std::string_view identity, std::string_view client_id) {
  std::string key;
  key.reserve(identity.size() + 1 + client_id.size());
  key.append(identity).append(1, '\0').append(client_id);
  return key;
}

}  // namespace

SessionTable::SessionTable(size_t max_sessions, uint16_t receive_maximum, uint16_t worker)
    : max_sessions_(max_sessions), receive_maximum_(receive_maximum), worker_(worker) {
  assert(max_sessions > 0);
}

SessionTable::Opening SessionTable::Open(std::string_view identity, std::string_view client_id,
                                         mqtt::Version version, bool clean_start,
                                         uint32_t expiry_s) {
  Opening opening;
  std::string key = KeyOf(identity, client_id);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() && by_key_.size() >= max_sessions_ && !MakeRoom()) return opening;
  const uint32_t index = found != by_key_.end() ? found->second : NewSlot(std::move(key));

  Slot& slot = *slots_[index];
  opening.taken_over = slot.acks.connected();
  if (opening.taken_over) {
    slot.acks.Detach();
    // A session that does not outlive its connection ends here [MQTT-3.1.2-6 of 3.1.1].
    if (slot.expiry_s == 0) slot.has_state = false;
  } else {
    waiting_.erase({slot.expires_s, index});
  }
  opening.outcome = slot.has_state && !clean_start ? Opened::kResumed : Opened::kNew;
  if (opening.outcome == Opened::kNew) slot.acks.ForgetPacketIds();
  slot.has_state = true;
  slot.expiry_s = expiry_s;
  opening.hold = {index, slot.generation, slot.acks.Attach(version)};
  return opening;
}

void SessionTable::SetExpiry(const Hold& hold, uint32_t expiry_s) {
  if (Slot* slot = Held(hold)) slot->expiry_s = expiry_s;
}

void SessionTable::Close(const Hold& hold, int64_t now_s) {
  Slot* slot = Held(hold);
  if (slot == nullptr) return;
  slot->acks.Detach();
  slot->acks.Drain([](const Ack&) {});  // what is settled and was not drained leaves in silence
  if (slot->expiry_s == 0) {
    EndState(hold.session);
    return;
  }
  slot->expires_s = slot->expiry_s == kNeverExpires ? std::numeric_limits<int64_t>::max()
                                                    : now_s + slot->expiry_s;
  waiting_.insert({slot->expires_s, hold.session});
}

void SessionTable::Expire(int64_t now_s) {
  while (!waiting_.empty() && waiting_.begin()->first <= now_s) EndState(waiting_.begin()->second);
}

SessionTable::Slot* SessionTable::Find(uint32_t index, uint32_t generation) {
  if (index >= slots_.size()) return nullptr;
  Slot* slot = slots_[index].get();
  return slot->generation == generation ? slot : nullptr;
}

SessionTable::Slot* SessionTable::Held(const Hold& hold) {
  Slot* slot = Find(hold.session, hold.generation);
  const bool held = slot != nullptr && slot->acks.connected() && slot->acks.epoch() == hold.epoch;
  return held ? slot : nullptr;
}

bool SessionTable::SettleOne(const AckTicket& ticket) {
  Slot* slot = Find(ticket.session, ticket.generation);
  if (slot == nullptr || !slot->acks.Settle(ticket.sequence)) return false;
  if (!slot->acks.ready()) return false;
  if (slot->acks.connected()) return true;
  slot->acks.Drain([](const Ack&) {});  // all of dead connections: they leave in silence
  FreeIfIdle(ticket.session);
  return false;
}

uint32_t SessionTable::NewSlot(std::string key) {
  uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<uint32_t>(slots_.size());
    slots_.push_back(std::make_unique<Slot>(receive_maximum_));
  } else {
    index = free_.back();
    free_.pop_back();
  }
  slots_[index]->key = key;
  by_key_.emplace(std::move(key), index);
  return index;
}

// Gives up a session that waits for its client: the one that would end first, of those with nothing
// to remember if there are any. Never one with an unsettled publish: a resend could then be
// acknowledged before its first copy is safe.
bool SessionTable::MakeRoom() {
  const Slot* victim = nullptr;
  uint32_t victim_index = 0;
  for (const auto& [expires_s, index] : waiting_) {
    const AckQueue& acks = slots_[index]->acks;
    if (!acks.empty() || (victim != nullptr && acks.known_packet_ids() > 0)) continue;
    victim = slots_[index].get();
    victim_index = index;
    if (acks.known_packet_ids() == 0) break;
  }
  if (victim == nullptr) return false;
  EndState(victim_index);
  return true;
}

// Ends a session that is not connected; its unsettled publishes, if any, keep the slot.
void SessionTable::EndState(uint32_t index) {
  Slot& slot = *slots_[index];
  waiting_.erase({slot.expires_s, index});
  slot.has_state = false;
  slot.acks.ForgetPacketIds();
  FreeIfIdle(index);
}

void SessionTable::FreeIfIdle(uint32_t index) {
  Slot& slot = *slots_[index];
  if (slot.has_state || slot.acks.connected() || !slot.acks.empty()) return;
  by_key_.erase(slot.key);
  slot.key.clear();
  ++slot.generation;
  free_.push_back(index);
}

}  // namespace sluice::session
