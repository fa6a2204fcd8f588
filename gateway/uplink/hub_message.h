// A message ready to be published: topic and payload as they go on the wire, and who waits for
// them.
//
// It is composed once. Sent again after a broken link it is the same bytes, and so has the same
// ids; only who sends it may have changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/link/link.h"
#include "gateway/session/ack_ticket.h"
#include "gateway/spool/store.h"
#include "gateway/uplink/bill.h"

namespace sluice::uplink {

struct HubMessage : link::Message {
  uint64_t metered_bytes = 0;
  std::vector<spool::Receipt> receipts;  // of the records in it
  std::vector<session::AckTicket> tickets;
  std::vector<Bill::Share> shares;  // of each record, if somebody wants to know

  // To the topic of another identity: what stands behind the first `old_prefix_bytes` remains.
  void Readdress(size_t old_prefix_bytes, const std::string& prefix) {
    topic = std::make_shared<const std::string>(prefix + topic->substr(old_prefix_bytes));
  }

  uint64_t wire_bytes() const { return topic->size() + payload->size(); }
};

}  // namespace sluice::uplink
