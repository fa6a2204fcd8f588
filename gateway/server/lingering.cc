#include "gateway/server/lingering.h"

#include <sys/socket.h>

#include <utility>

namespace sluice::server {

void Lingering::Add(UniqueFd socket, int64_t now_us) {
  // What lies unread now; a peer that sends on and on is not listened to for ever.
  constexpr int kMaxReads = 8;
  char discarded[4096];
  for (int i = 0; i < kMaxReads; ++i) {
    if (recv(socket.get(), discarded, sizeof discarded, MSG_DONTWAIT) <= 0) break;
  }
  if (sockets_.size() == kMaxSockets) sockets_.pop_front();
  sockets_.push_back({std::move(socket), now_us + kLingerUs});
  if (!armed()) timers_.Arm(this, sockets_.front().until_us);
}

void Lingering::OnTimer(int64_t now_us) {
  while (!sockets_.empty() && sockets_.front().until_us <= now_us) sockets_.pop_front();
  if (!sockets_.empty()) timers_.Arm(this, sockets_.front().until_us);
}

}  // namespace sluice::server
