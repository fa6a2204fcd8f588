// Messages on their way to one client: cloud-to-device messages of a device (sheet, section 8), or
// a module's inputs at edgeHub (edge-module.md, section 4).
//
// A message that was delivered is locked until it is completed. When the lock ends it is delivered
// again, whether or not the client is still the same connection.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace sluice::devhub {

struct CloudMessage {
  std::string message_id;
  std::string topic;  // whole, with its bag
  std::string payload;
  int64_t expires_us = INT64_MAX;  // unix time
  bool tell_success = false;       // what the sender wants to hear of (iothub-ack)
  bool tell_failure = false;
};

class CloudQueue {
 public:
  struct Limits {
    size_t most_messages;
    size_t most_locked;
    int64_t lock_us;
    uint32_t most_deliveries;  // after so many without completion it is given up
  };
  // Section 8. Ten deliveries are Azure's default.
  static constexpr Limits kDevice = {50, 50, 60'000'000, 10};
  // edgeHub: MaxInboundMessages 16; its own time to live ends what is never acknowledged.
  static constexpr Limits kInputs = {1000, 16, 30'000'000, UINT32_MAX};

  struct Entry {
    CloudMessage message;
    uint64_t sequence = 0;
    uint32_t deliveries = 0;
    int64_t locked_until_us = 0;  // steady time; 0: not locked
  };
  // What became of a message whose sender wanted to know.
  struct Outcome {
    std::string message_id;
    std::string status;  // as in Azure's feedback: Success, Expired, DeliveryCountExceeded, Purged
  };

  explicit CloudQueue(const Limits& limits) : limits_(limits) {}

  bool full() const { return entries_.size() >= limits_.most_messages; }
  // Not when full.
  void Add(CloudMessage message);
  // Ends locks and lives that are over.
  void Expire(int64_t unix_us, int64_t steady_us);
  // Locks the oldest message that may be delivered; null if there is none. Valid until the next
  // call of anything here.
  const Entry* Lock(int64_t steady_us);
  // The client has acknowledged it. No effect if the lock has ended.
  void Complete(uint64_t sequence);
  bool Has(uint64_t sequence) const;
  // Forgets all and returns how many there were.
  size_t Purge();

  // When Expire() has something to do: the earlier of locks' ends (steady) and lives' (unix).
  int64_t NextUnlock() const;
  const std::deque<Entry>& entries() const { return entries_; }
  // What happened since the last call.
  std::vector<Outcome> TakeOutcomes();

 private:
  void Finish(const CloudMessage& message, const char* status);

  const Limits limits_;
  std::deque<Entry> entries_;  // oldest first
  std::deque<Outcome> outcomes_;
  uint64_t next_sequence_ = 1;
};

}  // namespace sluice::devhub
