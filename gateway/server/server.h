// The device side as a whole: listeners, handshake threads, workers.
//
// Create() binds and makes the sinks, so that addresses are known and everything can be wired
// before the first device comes in; Start() lets them in; Stop() lets them go. Settle(), Resume()
// and the counters are for any thread in between.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/operate/counter.h"
#include "gateway/server/clock.h"
#include "gateway/server/handshaker.h"
#include "gateway/server/listener.h"
#include "gateway/server/publish_sink.h"
#include "gateway/server/server_options.h"
#include "gateway/server/worker.h"
#include "gateway/session/ack_ticket.h"

namespace sluice::server {

// All threads' counters, summed at one moment.
struct ServerCounts {
  uint64_t connections = 0;  // now
  uint64_t connects = 0;
  uint64_t accepted = 0;  // TCP connections
  uint64_t handshakes = 0;
  uint64_t handshakes_resumed = 0;
  uint64_t handshakes_in_flight = 0;
  uint64_t accept_failures = 0;
  std::array<uint64_t, 3> received{};  // PUBLISHes by QoS
  uint64_t received_bytes = 0;
  uint64_t forbidden = 0;
  uint64_t dropped_no_room = 0;  // QoS 0
  uint64_t overflow = 0;         // QoS 1 and 2, refused because an output was full
  uint64_t topic_limit = 0;
  uint64_t bad_payload_format = 0;
  uint64_t duplicates = 0;
  uint64_t paused = 0;
  uint64_t wills_ignored = 0;
  uint64_t subscriptions_refused = 0;
  uint64_t turns = 0;
  // By reason, every reason listed: for sluice_connections_refused_total and its like.
  std::vector<std::pair<std::string_view, uint64_t>> refused;
  std::vector<std::pair<std::string_view, uint64_t>> closed;
};

class Server {
 public:
  // Called once a worker, before any thread starts; the sink is then used by that worker alone.
  using SinkFactory = std::function<std::unique_ptr<PublishSink>(uint16_t worker)>;

  // An error is the operator's: an address that cannot be bound. `clock` outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Create(ServerOptions options,
                                                        const SinkFactory& make_sink,
                                                        const Clock& clock = Clock::System());
  ~Server();

  void Start();

  // No new connections and no more reading; then waits until what was taken is acknowledged, at
  // most until `deadline`; then says goodbye to all. True: nothing was left unacknowledged. Others
  // go on settling meanwhile.
  bool Stop(std::chrono::steady_clock::time_point deadline);

  // The worker that a device lives on, whichever listener it comes to and how often.
  static size_t WorkerOf(const std::string& identity, size_t workers) {
    return std::hash<std::string>()(identity) % workers;
  }
  size_t workers() const { return workers_.size(); }

  // Publishes are safe: one call a batch, of any workers.
  void Settle(std::span<const session::AckTicket> tickets);
  // Sinks that had no room have room again.
  void Resume();
  // What holds for connections that `listener` accepts from now on.
  void Reconfigure(size_t listener, std::shared_ptr<const tls::ServerContext> tls,
                   const Limits& limits) {
    listeners_[listener]->Replace(std::move(tls), limits);
  }
  // Closes the connections of a device, which may come back at once. `done` gets how many there
  // were, on a worker's thread; never, once Stop() has ended.
  void Kick(const std::string& identity, std::function<void(size_t)> done) {
    workers_[WorkerOf(identity, workers_.size())]->Kick(identity, std::move(done));
  }
  // Runs `task` once on each worker's thread, in no order.
  void PostToAll(const std::function<void(uint16_t worker)>& task);

  // In the order of the options' listeners.
  size_t listeners() const { return listeners_.size(); }
  const Listener& listener(size_t i) const { return *listeners_[i]; }

  ServerCounts Counts() const;
  // One a worker, for as long as the server lives: publish to PUBACK or PUBREC.
  std::vector<const operate::Histogram*> AckLatencies() const;

 private:
  explicit Server(ServerOptions options) : options_(std::move(options)) {}

  const ServerOptions options_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<PublishSink>> sinks_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Handshaker>> handshakers_;
  bool stopped_ = false;
};

}  // namespace sluice::server
