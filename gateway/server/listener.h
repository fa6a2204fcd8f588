// A listening socket and what its guests may spend.
//
// Shared by the handshake threads and the workers for as long as the server lives. Its options are
// a snapshot: a connection keeps the one it was accepted under.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "gateway/server/mutex.h"
#include "gateway/server/server_options.h"
#include "gateway/server/unique_fd.h"

namespace sluice::server {

class Listener {
 public:
  // Binds and listens; an error names the address and what to do.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(ListenerOptions options);

  // No more connections. After the threads that accept have ended.
  void Close() { socket_.Reset(); }

  int fd() const { return socket_.get(); }
  // In force now. From any thread; locks, so ask once a connection.
  std::shared_ptr<const ListenerOptions> options() const ABSL_LOCKS_EXCLUDED(mutex_);
  // For connections accepted from now on. From any thread.
  void Replace(std::shared_ptr<const tls::ServerContext> tls, const Limits& limits)
      ABSL_LOCKS_EXCLUDED(mutex_);
  uint16_t port() const { return port_; }                  // the one bound, where 0 was asked for
  const std::string& address() const { return address_; }  // "127.0.0.1:8883"

  // A place among `limits.connections`; false if all are taken. From any thread.
  bool TakePlace();
  void GivePlaceBack() { connections_.fetch_sub(1, std::memory_order_relaxed); }
  bool full() const {
    return connections_.load(std::memory_order_relaxed) >=
           most_connections_.load(std::memory_order_relaxed);
  }

 private:
  Listener(ListenerOptions options, UniqueFd socket)
      : socket_(std::move(socket)),
        most_connections_(options.limits.connections),
        options_(std::make_shared<const ListenerOptions>(std::move(options))) {}

  UniqueFd socket_;
  uint16_t port_ = 0;
  std::string address_;
  std::atomic<uint32_t> connections_{0};  // past the handshake
  std::atomic<uint32_t> most_connections_;
  mutable Mutex mutex_;
  std::shared_ptr<const ListenerOptions> options_ ABSL_GUARDED_BY(mutex_);
};

// "192.0.2.7:41000", "[2001:db8::1]:41000".
std::string FormatAddress(const sockaddr_storage& address);

}  // namespace sluice::server
