// The way to the workload API: one request, one answer, over a Unix socket or loopback TCP.
//
// A connection for each exchange, and a deadline over all of it: a peer that drips its answer is as
// silent as one that sends none. cpp-httplib knows Unix sockets too, but no such deadline, reads
// header lines of any length, and keeps to itself why it could not connect.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "edge/http_message.h"

namespace sluice::edge {

class Transport {
 public:
  virtual ~Transport() = default;
  // Blocks. Unavailable: nobody there, or too slow; DataLoss: no answer that can be read.
  virtual absl::StatusOr<HttpResponse> Exchange(const HttpRequest& request) = 0;
  // From any thread: exchanges under way and later ones fail at once, as Cancelled.
  virtual void Cancel() = 0;
};

struct Endpoint {
  std::string path;  // of the Unix socket; empty: host and port
  std::string host;
  uint16_t port = 0;
};

// "unix:///var/run/iotedge/workload.sock", "http://127.0.0.1:15581".
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view uri);

class SocketTransport final : public Transport {
 public:
  explicit SocketTransport(Endpoint endpoint,
                           std::chrono::milliseconds timeout = std::chrono::seconds(10));
  ~SocketTransport() override;
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  absl::StatusOr<HttpResponse> Exchange(const HttpRequest& request) override;
  void Cancel() override;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  absl::Status Connect(int* fd, TimePoint deadline) const;
  absl::Status Send(int fd, std::string_view bytes, TimePoint deadline) const;
  absl::StatusOr<HttpResponse> Receive(int fd, TimePoint deadline) const;
  // Until `fd` is ready for `events`, the deadline, or Cancel().
  absl::Status Wait(int fd, short events, TimePoint deadline) const;
  std::string name() const;

  const Endpoint endpoint_;
  const std::chrono::milliseconds timeout_;
  int cancel_fd_ = -1;  // readable once cancelled
};

}  // namespace sluice::edge
