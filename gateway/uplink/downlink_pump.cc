#include "gateway/uplink/downlink_pump.h"

#include <utility>

namespace sluice::uplink {
namespace {

// In the link at once: telemetry, which shares its queue, is not crowded out.
constexpr size_t kMostUnsent = 8;

}  // namespace

void DownlinkPump::OnConnected() {
  if (downlink_ != nullptr) link_.Subscribe(downlink_->filters());
}

void DownlinkPump::OnSubscribed(int code) {
  if (downlink_ == nullptr) return;
  is_up_ = code == 0;
  if (is_up_) {
    downlink_->OnUp();
  } else {
    downlink_->OnRefused();
  }
}

void DownlinkPump::OnLost() {
  if (std::exchange(is_up_, false)) downlink_->OnDown();
}

void DownlinkPump::Exchange() {
  if (downlink_ == nullptr) return;
  inbound_.clear();
  const size_t missed = link_.TakeInbound(&inbound_);
  counters_.downlink_received.Add(inbound_.size());
  for (DownlinkMessage& message : inbound_) downlink_->OnMessage(std::move(message));
  if (missed != 0) {
    counters_.downlink_missed.Add(missed);
    downlink_->OnMissed(missed);
  }
  DownlinkMessage message;
  while (is_up_ && link_.unsent() < kMostUnsent && downlink_->Next(&message)) {
    // Where it is not taken the connection is over: whoever asked will ask again.
    if (link_.Send(message)) counters_.downlink_sent.Add();
  }
}

}  // namespace sluice::uplink
