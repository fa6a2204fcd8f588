// How a connection's packets get into its output; for connection*.cc alone.
#pragma once

#include <span>

#include "gateway/server/connection.h"

namespace sluice::server {

// A packet above what the peer allows is not sent at all [MQTT-3.1.2-25]; false then.
template <typename Encode>
bool Connection::Send(const Encode& encode) {
  WantWrite();
  return output_.Append(encode, peer_max_packet_);
}

}  // namespace sluice::server
