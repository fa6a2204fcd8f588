// The sessions of one worker: by whom they are held, when they end, and their acknowledgement
// queues.
//
// A session's key is (identity, client id), so equal client ids of two identities never meet. It
// outlives its connection while a publish is unsettled or until it expires. Time is passed in. One
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gateway/mqtt/protocol.h"
#include "gateway/session/ack_queue.h"
#include "gateway/session/ack_ticket.h"

namespace sluice::session {

// A connection's hold on a session, until Close() or until another connection takes the session
// over.
struct Hold {
  uint32_t session = 0;     // slot; below the table's limit, so that it may index an array
  uint32_t generation = 0;  // of the slot
  uint32_t epoch = 0;       // of the connection among those of the session
};

class SessionTable {
 public:
  // `max_sessions`: connected ones and those that wait for their client together. `worker` goes
  // into tickets.
  SessionTable(size_t max_sessions, uint16_t receive_maximum, uint16_t worker = 0);

  enum class Opened : uint8_t {
    kNew,      // CONNACK says session present 0
    kResumed,  // CONNACK says session present 1
    kFull,     // nothing was done: refuse with kQuotaExceeded
  };
  struct Opening {
    Opened outcome = Opened::kFull;
    // Another connection held the session. It does no longer: close it with kSessionTakenOver
    // [MQTT-3.1.4-3], and do not Close() its hold.
    bool taken_over = false;
    Hold hold;
  };
  static constexpr uint32_t kNeverExpires = 0xffffffff;
  // A CONNECT was accepted. `clean_start` ends the session that was there. `expiry_s`: how long the
  // session is to outlive the connection, as CONNECT says; MQTT 3.1.1: 0 for a clean session, else
  // kNeverExpires.
  Opening Open(std::string_view identity, std::string_view client_id, mqtt::Version version,
               bool clean_start, uint32_t expiry_s);

  // MQTT 5's DISCONNECT may say another expiry than CONNECT did. A hold that was taken over does
  // nothing.
  void SetExpiry(const Hold& hold, uint32_t expiry_s);
  // The connection has ended, its session's time runs from `now_s`. A hold that was taken over does
  // nothing.
  void Close(const Hold& hold, int64_t now_s);

  // Ends the sessions whose time has come. Call now and then.
  void Expire(int64_t now_s);

  // The queue of a session that is held.
  AckQueue& Acks(const Hold& hold) { return slots_[hold.session]->acks; }

  AckTicket TicketFor(const Hold& hold, uint32_t sequence) const {
    return {worker_, hold.session, hold.generation, sequence};
  }

  // One settlement each; a ticket of a session or a publish that is gone does nothing. Calls
  // `on_ready(uint32_t session)` when acknowledgements of a connected session may leave: Drain()
  // its queue.
  template <typename OnReady>
  void Settle(std::span<const AckTicket> tickets, const OnReady& on_ready) {
    for (const AckTicket& ticket : tickets) {
      if (SettleOne(ticket)) on_ready(ticket.session);
    }
  }

  size_t size() const { return by_key_.size(); }

 private:
  struct Slot {
    explicit Slot(uint16_t receive_maximum) : acks(receive_maximum) {}

    AckQueue acks;
    std::string key;
    uint32_t generation = 0;
    uint32_t expiry_s = 0;   // after the connection's end
    int64_t expires_s = 0;   // when, while it waits for its client
    bool has_state = false;  // that a client may resume; else it is here for what is unsettled
  };

  Slot* Find(uint32_t index, uint32_t generation);
  Slot* Held(const Hold& hold);
  bool SettleOne(const AckTicket& ticket);
  uint32_t NewSlot(std::string key);
  bool MakeRoom();
  void EndState(uint32_t index);
  void FreeIfIdle(uint32_t index);

  const size_t max_sessions_;
  const uint16_t receive_maximum_;
  const uint16_t worker_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<uint32_t> free_;
  std::unordered_map<std::string, uint32_t> by_key_;
  // Sessions that wait for their client, by when they end.
  std::set<std::pair<int64_t, uint32_t>> waiting_;
};

}  // namespace sluice::session
