// What the hub says to us beside acknowledgements, and what is answered: twins and methods.
//
// All calls come from the output's thread, which sends telemetry between them: none may wait for
// anything. An output without a downlink subscribes to nothing and is given nothing.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gateway/link/link.h"

namespace sluice::uplink {

using DownlinkMessage = link::TextMessage;

class Downlink {
 public:
  virtual ~Downlink() = default;

  // Subscribed to on every connection; they never change.
  virtual const std::vector<std::string>& filters() const = 0;

  // (OnUp (OnMessage | OnMissed)* OnDown | OnRefused)*. A persistent session may bring messages
  // before OnUp.
  virtual void OnUp() = 0;       // a new connection, and it grants all filters
  virtual void OnDown() = 0;     // what was asked on it is not answered any more
  virtual void OnRefused() = 0;  // a filter is not granted: nothing comes on this connection
  virtual void OnMessage(DownlinkMessage message) = 0;
  virtual void OnMissed(size_t count) = 0;  // so many came faster than they were taken

  // What to send next, at QoS 0. False: nothing. Who has something new rings the output's bell.
  virtual bool Next(DownlinkMessage* message) = 0;
};

}  // namespace sluice::uplink
