// A worker's end of an output: where its pipeline leaves records.
//
// Each worker has a port of its own for each output and uses it on its own thread only; no call
// blocks. In a loop turn: (HasRoom | Append)* Flush.
#pragma once

#include <cstdint>

#include "gateway/spool/record.h"

namespace sluice::pipeline {

class OutputPort {
 public:
  virtual ~OutputPort() = default;

  // Whether records of up to `bytes` (their content; a port adds what it needs itself) can be
  // appended now. A refusal is remembered: the output says when to try again.
  virtual bool HasRoom(uint64_t bytes) = 0;

  // The same for a message of QoS 0, which is dropped where there is none: the last of the room is
  // for those that wait.
  virtual bool HasRoomToSpare(uint64_t bytes) = 0;

  // Whether a record of this priority can be appended now: the last of the room may be for urgent
  // ones. If not, its message waits, or where the port `refuses()` it is refused.
  virtual bool Takes(uint64_t bytes, uint8_t priority) {
    static_cast<void>(bytes), static_cast<void>(priority);
    return true;
  }
  virtual bool refuses() const { return false; }

  // Copies `record`. Never refuses: for QoS 1 and 2 room was asked for before the message was
  // judged.
  virtual void Append(const spool::RecordView& record) = 0;

  // The turn is over: hand on what was appended.
  virtual void Flush() = 0;
};

}  // namespace sluice::pipeline
