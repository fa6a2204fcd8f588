#include "edge/transport.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "absl/status/status.h"

namespace sluice::edge {
namespace {

constexpr size_t kReadBytes = 16 << 10;

std::string ErrnoText(int error) {
  char text[128];
  return strerror_r(error, text, sizeof text);
}

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first != nullptr) freeaddrinfo(first);
  }
};

struct OwnedFd {
  int fd = -1;
  ~OwnedFd() {
    if (fd >= 0) close(fd);
  }
};

int NewSocket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

}  // namespace

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view uri) {
  const absl::Status wrong = absl::InvalidArgumentError(fmt::format(
      "'{}' is no address of a workload API, want unix:///PATH or http://HOST:PORT", uri));
  constexpr std::string_view kUnix = "unix://";
  constexpr std::string_view kHttp = "http://";
  if (uri.starts_with(kUnix)) {
    const std::string_view path = uri.substr(kUnix.size());
    if (!path.starts_with('/') || path.size() >= sizeof(sockaddr_un::sun_path)) return wrong;
    return Endpoint{std::string(path), "", 0};
  }
  if (!uri.starts_with(kHttp)) return wrong;
  std::string_view authority = uri.substr(kHttp.size());
  if (authority.ends_with('/')) authority.remove_suffix(1);
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong;
  std::string_view host = authority.substr(0, colon);
  const std::string_view digits = authority.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return wrong;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  if (host.find_first_of("/@ ") != std::string_view::npos) return wrong;
  return Endpoint{"", std::string(host), port};
}

SocketTransport::SocketTransport(Endpoint endpoint, std::chrono::milliseconds timeout)
    : endpoint_(std::move(endpoint)),
      timeout_(timeout),
      cancel_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

SocketTransport::~SocketTransport() {
  if (cancel_fd_ >= 0) close(cancel_fd_);
}

void SocketTransport::Cancel() {
  const uint64_t one = 1;
  // Never read again, so that it cannot fail but where there was no descriptor for it.
  if (write(cancel_fd_, &one, sizeof one) < 0) return;
}

std::string SocketTransport::name() const {
  return endpoint_.path.empty() ? fmt::format("{}:{}", endpoint_.host, endpoint_.port)
                                : endpoint_.path;
}

absl::Status SocketTransport::Wait(int fd, short events, TimePoint deadline) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    std::array<pollfd, 2> polled = {{{fd, events, 0}, {cancel_fd_, POLLIN, 0}}};
    const int ready =
        poll(polled.data(), polled.size(), static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready < 0 && errno != EINTR)
      return absl::UnavailableError(fmt::format("poll: {}", ErrnoText(errno)));
    if (ready > 0 && polled[1].revents != 0) return absl::CancelledError("cancelled");
    if (ready > 0) return absl::OkStatus();
    if (ready == 0) {
      return absl::UnavailableError(
          fmt::format("{}: no answer within {} ms", name(), timeout_.count()));
    }
  }
}

absl::Status SocketTransport::Connect(int* fd, TimePoint deadline) const {
  sockaddr_un un{};
  AddressList found;
  const sockaddr* address = reinterpret_cast<const sockaddr*>(&un);
  socklen_t size = sizeof un;
  if (endpoint_.path.empty()) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    const int failed = getaddrinfo(endpoint_.host.c_str(), std::to_string(endpoint_.port).c_str(),
                                   &hints, &found.first);
    if (failed != 0)
      return absl::UnavailableError(fmt::format("{}: {}", name(), gai_strerror(failed)));
    address = found.first->ai_addr;
    size = found.first->ai_addrlen;
  } else {
    un.sun_family = AF_UNIX;
    endpoint_.path.copy(un.sun_path, sizeof un.sun_path - 1);  // ParseEndpoint() saw to the length
  }
  *fd = NewSocket(address->sa_family);
  if (*fd < 0) return absl::UnavailableError(fmt::format("socket: {}", ErrnoText(errno)));
  int error = connect(*fd, address, size) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    if (absl::Status ready = Wait(*fd, POLLOUT, deadline); !ready.ok()) return ready;
    socklen_t length = sizeof error;
    if (getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  }
  if (error == 0) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}: {}", name(), ErrnoText(error)));
}

absl::Status SocketTransport::Send(int fd, std::string_view bytes, TimePoint deadline) const {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR)
      return absl::UnavailableError(fmt::format("{}: {}", name(), ErrnoText(errno)));
    if (absl::Status ready = Wait(fd, POLLOUT, deadline); !ready.ok()) return ready;
  }
  return absl::OkStatus();
}

absl::StatusOr<HttpResponse> SocketTransport::Receive(int fd, TimePoint deadline) const {
  std::string received;
  for (;;) {
    if (absl::Status ready = Wait(fd, POLLIN, deadline); !ready.ok()) return ready;
    const size_t before = received.size();
    received.resize(before + kReadBytes);
    const ssize_t got = recv(fd, received.data() + before, kReadBytes, 0);
    received.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got < 0) return absl::UnavailableError(fmt::format("{}: {}", name(), ErrnoText(errno)));
    // Its bounds end this: so long a head or body is refused.
    absl::StatusOr<std::optional<HttpResponse>> response = ParseResponse(received, got == 0);
    if (!response.ok()) return response.status();
    if (response->has_value()) return **std::move(response);
  }
}

absl::StatusOr<HttpResponse> SocketTransport::Exchange(const HttpRequest& request) {
  const TimePoint deadline = std::chrono::steady_clock::now() + timeout_;
  OwnedFd socket;
  if (absl::Status up = Connect(&socket.fd, deadline); !up.ok()) return up;
  if (absl::Status sent = Send(socket.fd, FormatRequest(request), deadline); !sent.ok())
    return sent;
  return Receive(socket.fd, deadline);
}

}  // namespace sluice::edge
