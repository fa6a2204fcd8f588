// The QoS 2 packet ids of a session from PUBLISH to PUBREL, with a little state each.
//
// A hash table that doubles when half full and does not shrink: in the long run nothing is
// allocated per message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice::session {

class PacketIdSet {
 public:
  struct Entry {
    uint16_t packet_id = 0;      // 0: a free place
    bool received_sent = false;  // PUBREC has been sent, on connection `epoch`
    uint32_t epoch = 0;          // the connection on which its PUBLISH came last
  };

  // `limit`: how many ids it may hold, at least 1.
  explicit PacketIdSet(size_t limit);

  size_t size() const { return size_; }
  bool full() const { return size_ == limit_; }

  // Valid until the next Insert, Erase or Clear. Null if not known.
  Entry* Find(uint16_t packet_id);
  // `packet_id` is not 0 and not known, the set not full.
  void Insert(uint16_t packet_id, uint32_t epoch);
  void Erase(Entry* entry);
  void Clear();

 private:
  // Knuth's multiplicative hash, so that ids counted up do not form one long run.
  size_t HomeOf(uint16_t packet_id) const { return (packet_id * 0x9e3779b1u >> 15) & mask_; }
  void Place(const Entry& entry);
  void Grow();

  size_t limit_;
  size_t mask_ = 0;  // places - 1; places are a power of two, at least twice the size
  size_t size_ = 0;
  std::unique_ptr<Entry[]> places_;
};

}  // namespace sluice::session
