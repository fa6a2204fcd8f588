#include "gateway/server/lingering.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <utility>
#include <vector>

namespace sluice::server {

bool Lingering::Discard(int fd) {
  // A peer that sends on and on is not listened to for ever.
  constexpr int kMaxReads = 8;
  char discarded[4096];
  for (int i = 0; i < kMaxReads; ++i) {
    const ssize_t got = recv(fd, discarded, sizeof discarded, MSG_DONTWAIT);
    if (got == 0) return true;
    if (got < 0) return errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
  }
  return false;
}

void Lingering::Add(UniqueFd socket, int64_t now_us) {
  Discard(socket.get());
  if (sockets_.size() == kMaxSockets) sockets_.pop_front();
  sockets_.push_back({std::move(socket), now_us + kLingerUs});
  if (!armed()) timers_.Arm(this, sockets_.front().until_us);
}

void Lingering::WaitForPeers(int patience_ms) {
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (!sockets_.empty()) {
    std::erase_if(sockets_, [](const Socket& each) { return Discard(each.fd.get()); });
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    if (sockets_.empty() || left.count() <= 0) break;
    std::vector<pollfd> polled;
    for (const Socket& each : sockets_) polled.push_back({each.fd.get(), POLLIN, 0});
    poll(polled.data(), polled.size(), static_cast<int>(left.count()));
  }
  sockets_.clear();
}

void Lingering::OnTimer(int64_t now_us) {
  while (!sockets_.empty() && sockets_.front().until_us <= now_us) sockets_.pop_front();
  if (!sockets_.empty()) timers_.Arm(this, sockets_.front().until_us);
}

}  // namespace sluice::server
