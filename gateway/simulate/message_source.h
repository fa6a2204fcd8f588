// Where a device's messages come from, and when each is due.
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/simulate/encoded_publish.h"

namespace sluice::simulate {

class MessageSource {
 public:
  virtual ~MessageSource() = default;

  // When the next message is due, in microseconds since the traffic began; at most `now_us` where
  // it may go at once. Nothing: no message will come any more.
  virtual std::optional<int64_t> NextDue(int64_t now_us) = 0;

  // The QoS of that message. Only after NextDue() gave a time.
  virtual uint8_t NextQos() const = 0;

  // That message, and on to the one after it. Only after NextDue() gave a time. Lives until the
  // next Take().
  virtual const EncodedPublish& Take() = 0;

  // Whether messages keep times of their own, so that latency counts from when each was due.
  // Otherwise they go as fast as they are taken.
  virtual bool paced() const = 0;

  // Messages that should have been taken, were the run to end now.
  virtual uint64_t Left(int64_t now_us) const = 0;
};

}  // namespace sluice::simulate
