// A thread that accepts connections and carries them through TLS, at low priority.
//
// A storm of reconnecting devices costs their own handshakes time, not those already in. Each
// handshake has one absolute deadline, which covers CONNECT as well and so travels with the
// arrival. Who fails is told by an alert, counted by reason, and logged at a bounded rate.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "gateway/operate/counter.h"
#include "gateway/operate/log.h"
#include "gateway/server/arrival.h"
#include "gateway/server/clock.h"
#include "gateway/server/lingering.h"
#include "gateway/server/listener.h"
#include "gateway/server/timer_wheel.h"
#include "gateway/tls/refusal.h"

namespace sluice::server {

struct HandshakeCounters {
  operate::Counter accepted;         // TCP connections
  operate::Counter completed;        // handshakes
  operate::Counter resumed;          // of these, without a full one
  operate::Counter in_flight;        // now
  operate::Counter accept_failures;  // no descriptor or memory
  std::array<operate::Counter, tls::kRefusalCount> refused;
};

class Handshaker {
 public:
  // `hand_over` is called on the handshake thread. Listeners and clock outlive this. Of the
  // listeners' caps on handshakes this thread takes one part in `threads`.
  Handshaker(std::vector<Listener*> listeners, uint32_t threads, tls::IdentitySource identity,
             const Clock& clock, std::function<void(Arrival)> hand_over);
  ~Handshaker();

  void Start();
  // Ends the handshakes under way and the thread. From any thread, once.
  void Stop();

  const HandshakeCounters& counters() const { return counters_; }

 private:
  // What epoll's events name.
  struct Watched {
    const bool is_door;
  };
  class Handshake;
  struct Door : Watched {  // a listener as this thread sees it
    Door(Listener* its_listener, uint32_t threads);
    void Refresh();  // its options, as they are now

    Listener* const listener;
    const uint32_t share;  // one part in so many of the cap on handshakes
    std::shared_ptr<const ListenerOptions> options;
    uint32_t limit = 0;
    uint32_t in_flight = 0;
    bool open = false;  // in the epoll set
  };
  class AcceptPause;
  struct PeerCheck;

  void Loop();
  void OpenDoors();
  void CloseDoor(Door* door);
  void Accept(Door* door);
  bool AcceptOne(Door* door);
  void OutOfDescriptors(Door* door, int error);
  void Begin(Door* door, UniqueFd socket, std::string address);
  void Advance(Handshake* handshake, uint32_t events);
  void Finish(Handshake* handshake);
  // Says why in an alert already written, in a counter and in the log.
  void Refuse(Handshake* handshake, tls::Refusal refusal, std::string_view identity,
              std::string_view detail);
  void RefuseIdentity(Handshake* handshake);
  void CountRefusal(tls::Refusal refusal, const Door& door, std::string_view address,
                    std::string_view identity, std::string_view detail);
  void Remove(Handshake* handshake);

  const std::vector<Listener*> listeners_;
  const tls::IdentitySource identity_;
  const Clock& clock_;
  const std::function<void(Arrival)> hand_over_;

  UniqueFd epoll_;
  UniqueFd wake_;                      // eventfd
  UniqueFd reserve_;                   // given up for a moment when descriptors run out
  std::atomic<bool> stopping_{false};  // written by Stop()
  std::thread thread_;

  // The thread's own.
  Time now_;
  TimerWheel timers_;
  Lingering lingering_;
  std::unique_ptr<AcceptPause> accept_pause_;
  TlsScratch scratch_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::unordered_map<Handshake*, std::unique_ptr<Handshake>> handshakes_;
  std::vector<std::unique_ptr<Handshake>> done_;  // of this turn: events may still name them
  std::array<operate::LogLimiter, tls::kRefusalCount> log_limits_;
  operate::LogLimiter accept_log_limit_;
  HandshakeCounters counters_;
};

}  // namespace sluice::server
