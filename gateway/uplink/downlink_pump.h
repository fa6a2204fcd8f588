// Carries messages between a link and a downlink, if there is one: the sender's part of it.
#pragma once

#include <vector>

#include "gateway/link/link.h"
#include "gateway/uplink/counters.h"
#include "gateway/uplink/downlink.h"

namespace sluice::uplink {

class DownlinkPump {
 public:
  // `downlink` may be null: then nothing of this does anything. All outlive the pump.
  DownlinkPump(link::Link& link, Downlink* downlink, UplinkCounters& counters)
      : link_(link), downlink_(downlink), counters_(counters) {}

  void OnConnected();
  void OnSubscribed(int code);  // as of link::Event
  // The connection has ended, or is about to be ended.
  void OnLost();
  // While connected: hands over what has come and sends what there is to say.
  void Exchange();
  // Whether all that was said is on its way.
  bool has_sent_all() const { return downlink_ == nullptr || link_.unsent() == 0; }

 private:
  link::Link& link_;
  Downlink* const downlink_;
  UplinkCounters& counters_;
  bool is_up_ = false;
  std::vector<DownlinkMessage> inbound_;  // kept for its memory
};

}  // namespace sluice::uplink
