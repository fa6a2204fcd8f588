// A device whose handshake is over, on its way from a handshake thread to its worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/server/listener.h"
#include "gateway/server/tls_stream.h"

namespace sluice::server {

struct Arrival {
  std::unique_ptr<TlsStream> stream;               // attached to no thread
  Listener* listener = nullptr;                    // a place of which it holds
  std::shared_ptr<const ListenerOptions> options;  // it was accepted under these
  std::string identity;
  std::string address;      // of the peer
  int64_t deadline_us = 0;  // steady; by which CONNECT must have come
};

}  // namespace sluice::server
