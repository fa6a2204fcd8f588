// Sockets that have said their last word, kept open a moment.
//
// Closing a socket with unread input resets the connection, and the peer then never reads the alert
// or DISCONNECT that tells it why. So input is emptied, FIN is sent by the caller, and the
// descriptor stays for kLingerUs. Bounded: beyond kMaxSockets the oldest goes early. One thread.
#pragma once

#include <cstdint>
#include <deque>

#include "gateway/server/timer_wheel.h"
#include "gateway/server/unique_fd.h"

namespace sluice::server {

class Lingering final : private Timer {
 public:
  static constexpr int64_t kLingerUs = 1'000'000;
  static constexpr size_t kMaxSockets = 256;

  // `timers` outlives this.
  explicit Lingering(TimerWheel* timers) : timers_(*timers) {}

  void Add(UniqueFd socket, int64_t now_us);

  // At the thread's end: waits until the peers have gone, at most `patience_ms`.
  void WaitForPeers(int patience_ms);

 private:
  struct Socket {
    UniqueFd fd;
    int64_t until_us;
  };

  // Throws away what lies unread; true if the peer has gone.
  static bool Discard(int fd);

  void OnTimer(int64_t now_us) override;

  TimerWheel& timers_;
  std::deque<Socket> sockets_;  // the oldest first
};

}  // namespace sluice::server
