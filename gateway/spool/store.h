// Where accepted records wait for their output: batches in, records in order out, settled when
// safe.
//
// Producers (workers) call HasRoom() and Append() on any thread. One consumer, the output's thread,
// calls the rest. A record that was taken stays accounted for until it is settled: the output keeps
// what it is sending and sends that again after a broken link, so nothing is ever put back.
#pragma once

#include <cstdint>
#include <span>

#include "gateway/spool/record_batch.h"

namespace sluice::spool {

// Names a taken record to the store that gave it, until it is settled.
struct Receipt {
  uint64_t id = 0;
  uint32_t bytes = 0;
  uint32_t index = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // Whether `bytes` more may be appended: what the caller is about to add to its batch, and what
  // lies in that batch already. Cheap; a refusal is remembered, and the room callback runs once
  // there is room.
  virtual bool HasRoom(uint64_t bytes) = 0;

  // The same for what is dropped where there is no room (QoS 0). Refuses earlier, so that a flood
  // of such never takes the room that refused producers wait for; nobody is told later.
  virtual bool HasRoomToSpare(uint64_t bytes) const = 0;

  // Whether a record of this priority would be taken now: the last of the room may be for urgent
  // ones. A refusal is remembered as HasRoom()'s is.
  virtual bool Takes(uint64_t bytes, uint8_t priority) {
    static_cast<void>(bytes), static_cast<void>(priority);
    return true;
  }
  // Whether what it would not take is refused, and nobody waits.
  virtual bool refuses() const { return false; }

  // Takes the whole batch, never refuses, and gives an empty one with capacity back.
  virtual RecordBatch Append(RecordBatch batch) = 0;

  // The next record: of the lowest priority number, then in order of arrival. Null when there is
  // none. The view is valid until the next call.
  virtual const RecordView* Take(Receipt* receipt) = 0;

  // Whether Take() gives one, or will once it is stored.
  virtual bool HasRecords() const = 0;

  // These are safe beyond: the store may forget them.
  virtual void Settle(std::span<const Receipt> receipts) = 0;

  // Whether what was appended outlives the process: then nothing needs to be sent before it ends.
  virtual bool is_durable() const = 0;
};

}  // namespace sluice::spool
