// What an iothub output counts. The output's thread writes, any thread reads.
#pragma once

#include "gateway/operate/counter.h"
#include "gateway/uplink/bill.h"

namespace sluice::uplink {

struct UplinkCounters {
  operate::Counter connected;          // 1 while there is a connection
  operate::Counter sent;               // messages that the hub acknowledged: its operations
  operate::Counter readings;           // records in them
  operate::Counter blocks;             // that they are billed as
  operate::Counter inflight;           // messages under way
  operate::Counter reconnects;         // connections after the first
  operate::Counter resent;             // messages sent again after a broken link
  operate::Counter refused;            // records that the hub would never take
  operate::Counter downlink_received;  // messages that the hub sent down
  operate::Counter downlink_missed;    // of these, dropped because too many waited
  operate::Counter downlink_sent;      // sent beside telemetry: answers and reports
  operate::Counter cause;              // the present Cause, as a number; 0 while all is well
  Bill bill;                           // operations and blocks by device and rule
};

}  // namespace sluice::uplink
