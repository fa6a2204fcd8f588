// A message ready to be published: topic and payload as they go on the wire, and who waits for
// them.
//
// It is composed once. Sent again after a broken link it is the same bytes, and so has the same
// ids.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/session/ack_ticket.h"
#include "gateway/spool/store.h"

namespace sluice::uplink {

struct HubMessage {
  std::shared_ptr<const std::string> topic;  // shared, as Paho wants to share it too
  std::shared_ptr<const std::string> payload;
  uint64_t metered_bytes = 0;
  std::vector<spool::Receipt> receipts;  // of the records in it
  std::vector<session::AckTicket> tickets;

  uint64_t wire_bytes() const { return topic->size() + payload->size(); }
};

}  // namespace sluice::uplink
