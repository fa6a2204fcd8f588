// What a server is told at its start: plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gateway/tls/context.h"
#include "gateway/tls/identity.h"

namespace sluice::server {

// Caps on what a peer can spend at one listener.
struct Limits {
  uint32_t connections = 10'000;
  uint32_t handshakes = 256;                           // in flight
  std::chrono::milliseconds connect_deadline{10'000};  // absolute, from accept to CONNECT
  uint32_t packet_bytes = 256 * 1024 + 4096;           // largest MQTT packet
  uint32_t topic_bytes = 1024;
  uint32_t topic_levels = 32;
  std::chrono::seconds max_keep_alive{3600};
};

struct ListenerOptions {
  std::string host;   // "127.0.0.1", "::1", a name; empty: any address
  uint16_t port = 0;  // 0 picks one
  std::shared_ptr<const tls::ServerContext> tls;
  Limits limits;
};

struct ServerOptions {
  std::vector<ListenerOptions> listeners;
  uint32_t workers = 1;
  uint32_t handshake_threads = 1;
  tls::IdentitySource identity = tls::IdentitySource::kCommonName;
  bool any_client_id = false;         // false: must equal the identity
  bool disconnect_forbidden = false;  // end the connection of who publishes outside its templates
  uint16_t receive_maximum = 64;      // QoS 1 and 2 publishes of a device not yet acknowledged
  size_t sessions = 20'000;           // acknowledgement queues a worker remembers
};

}  // namespace sluice::server
