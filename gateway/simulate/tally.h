// What a run counts, and its summary.
//
// One Tally a thread, merged at the end; nothing in it is shared.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "gateway/simulate/latency.h"

namespace sluice::simulate {

struct Tally {
  uint64_t sent = 0;          // messages handed to a link for the first time
  uint64_t sent_bytes = 0;    // of their packets
  uint64_t confirmable = 0;   // those of them at QoS 1 or 2
  uint64_t acknowledged = 0;  // PUBACK, or PUBREC of QoS 2, that accepts
  uint64_t refused = 0;       // PUBACK or PUBREC that refuses
  uint64_t resent = 0;        // sent again after a lost link
  uint64_t unexpected = 0;    // acknowledgements of what was not in flight
  uint64_t waiting = 0;       // in flight when the run ended
  uint64_t unsent = 0;        // due, and never sent
  uint64_t reconnects = 0;    // after a link that had been up
  uint64_t connected = 0;     // devices whose CONNECT was accepted at least once
  double seconds = 0;         // from the first message to the last answer
  LatencyHistogram latency;   // from due (or sent, where none is due at a time) to acknowledged

  std::map<std::string, uint64_t> refusals;    // by reason, the local ones included
  std::map<std::string, uint64_t> lost_links;  // by cause
  uint64_t refused_locally = 0;                // never sent: MQTT or the server forbids it
  uint64_t malformed = 0;                      // those of them that were no messages at all

  void Merge(const Tally& other);
};

// What was asked for was done: every line was a message, each was sent (or knowingly refused) and
// every QoS 1 and 2 answered.
bool Complete(const Tally& tally);

// The summary for people and scripts: a line a figure, its name first.
std::string Summary(const Tally& tally);

// "0.12 ms", "35.0 ms", "2.10 s".
std::string FormatMicroseconds(int64_t microseconds);

}  // namespace sluice::simulate
