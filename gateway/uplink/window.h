// The messages under way to the hub, in order, until each is acknowledged.
//
// A message enters when there is credit, is sent, and leaves when its PUBACK came. After a broken
// link what is left is sent again from the first on: the same messages, in the same order.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "gateway/uplink/hub_message.h"

namespace sluice::uplink {

class Window {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Window(size_t max_messages, uint64_t max_bytes)
      : max_messages_(max_messages), max_bytes_(max_bytes) {}

  // One message always has room, however large.
  bool HasRoom() const {
    return entries_.empty() || (entries_.size() < max_messages_ && bytes_ < max_bytes_);
  }
  void Add(HubMessage message) {
    bytes_ += message.wire_bytes();
    entries_.push_back({std::move(message), {}, false});
  }

  // The next message to send on the present connection, or null. Its number names it in
  // Acknowledge().
  const HubMessage* Next(uint64_t* number) {
    while (next_ < entries_.size() && entries_[next_].acknowledged) ++next_;
    if (next_ == entries_.size()) return nullptr;
    *number = first_number_ + next_;
    return &entries_[next_].message;
  }
  // True if it had been sent before, on another connection.
  bool MarkSent(TimePoint now) { return std::exchange(entries_[next_++].sent, now) != TimePoint(); }

  // The message that `number` names, or null if it was acknowledged before. A PUBACK that is
  // noticed only after Rewind() counts: the hub has the message. Valid until the next call of
  // Release().
  HubMessage* Acknowledge(uint64_t number) {
    const uint64_t index = number - first_number_;
    if (index >= entries_.size() || entries_[index].acknowledged) return nullptr;
    entries_[index].acknowledged = true;
    bytes_ -= entries_[index].message.wire_bytes();
    return &entries_[index].message;
  }
  // Forgets what is acknowledged up to the first message that is not.
  void Release() {
    while (!entries_.empty() && entries_.front().acknowledged) {
      entries_.pop_front();
      ++first_number_;
      if (next_ > 0) --next_;
    }
  }

  // The connection is gone: all that is left is to be sent again.
  void Rewind() { next_ = 0; }

  void Readdress(size_t old_prefix_bytes, const std::string& prefix) {
    for (Entry& entry : entries_) {
      if (entry.acknowledged) continue;
      bytes_ -= entry.message.wire_bytes();
      entry.message.Readdress(old_prefix_bytes, prefix);
      bytes_ += entry.message.wire_bytes();
    }
  }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  // Sent on the present connection and not acknowledged. Release() has run.
  bool idle() const { return next_ == 0 || entries_.empty(); }
  TimePoint oldest_sent() const { return entries_.front().sent; }

 private:
  struct Entry {
    HubMessage message;
    TimePoint sent;
    bool acknowledged;
  };

  const size_t max_messages_;
  const uint64_t max_bytes_;
  std::deque<Entry> entries_;
  uint64_t first_number_ = 1;
  size_t next_ = 0;  // entries_[0, next_) were sent on the present connection
  uint64_t bytes_ = 0;
};

}  // namespace sluice::uplink
