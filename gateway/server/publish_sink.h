// The server's one view of what lies beyond it: somebody takes publishes.
//
// Each worker has a sink of its own and calls it on its own thread only; no call blocks.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "gateway/mqtt/publish.h"
#include "gateway/session/ack_ticket.h"

namespace sluice::server {

// One publish with its sender. All views live for the call. The payload has at least 64 readable
// bytes behind it.
struct InboundPublish {
  std::string_view identity;
  const mqtt::PublishView& publish;
  int64_t time_us = 0;        // of arrival, microseconds since 1970; one clock reading a loop turn
  session::AckTicket ticket;  // meaningful for QoS 1 and 2
};

struct PublishOutcome {
  enum class Kind : uint8_t {
    kTaken,      // settle at once if `pending` is 0, else when that many settlements have come back
    kForbidden,  // outside the device's templates: 0x87 in v5 at QoS 1 and 2, acknowledged and
                 // dropped otherwise
    kNoRoom,     // QoS 0: dropped and counted. QoS 1 and 2 never see it: HasRoom() was asked before
    kRefused,  // QoS 1 and 2, where that is the policy: 0x97 in v5, acknowledged in 3.1.1; counted
  };
  Kind kind = Kind::kTaken;
  uint8_t pending = 0;
};

class PublishSink {
 public:
  virtual ~PublishSink() = default;

  // Whether a QoS 1 or 2 publish, of up to `bytes`, can be taken now. If not, the connection stops
  // reading until the server is told to resume. Its ticket means nothing yet.
  virtual bool HasRoom(const InboundPublish& inbound, uint64_t bytes) = 0;
  virtual PublishOutcome OnPublish(const InboundPublish& inbound) = 0;
  // The turn's publishes have all been offered: hand the gathered records on. `now_us` is the time
  // that they came in at.
  virtual void EndOfTurn(int64_t now_us) = 0;
  // When a turn is wanted even if nothing comes, in microseconds since 1970; kNever: not at all.
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
  virtual int64_t NextTurnUs() const { return kNever; }
};

}  // namespace sluice::server
