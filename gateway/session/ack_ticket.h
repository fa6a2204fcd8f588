// What rides with a record and comes back when it is safe.
#pragma once

#include <cstdint>

namespace sluice::session {

// Names one unsettled QoS 1 or 2 publish in its session's acknowledgement queue. Plain data, valid
// on any thread, also after the connection or the session is gone: a stale generation settles
// nothing.
struct AckTicket {
  uint16_t worker = 0;
  uint32_t session = 0;     // slot in the worker's session table
  uint32_t generation = 0;  // of that slot
  uint32_t sequence = 0;    // of the publish in its queue, in order of receipt
};

}  // namespace sluice::session
