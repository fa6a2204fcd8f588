#include "gateway/server/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"

namespace sluice::server {
namespace {

// A fleet that reconnects at once waits in the kernel, which caps this by net.core.somaxconn.
constexpr int kBacklog = 4096;

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first != nullptr) freeaddrinfo(first);
  }
};

std::string ErrnoText(int error) {
  char text[128];
  return strerror_r(error, text, sizeof text);
}

std::string Advice(int error, const ListenerOptions& options) {
  switch (error) {
    case EADDRINUSE:
      return "another program listens there: stop it or choose another port";
    case EADDRNOTAVAIL:
      return "no interface of this computer has that address";
    case EACCES:
      return fmt::format("port {} needs CAP_NET_BIND_SERVICE", options.port);
    default:
      return "check the address";
  }
}

absl::Status BindError(int error, const ListenerOptions& options) {
  return absl::FailedPreconditionError(fmt::format("cannot listen on {}:{}: {}; {}", options.host,
                                                   options.port, ErrnoText(error),
                                                   Advice(error, options)));
}

int SetOption(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value);
}

// 0 or errno.
int BindAndListen(int fd, const addrinfo& address) {
  // SO_REUSEADDR alone: with SO_REUSEPORT in the same call a restart fails while connections
  // linger.
  if (SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0) return errno;
  // "[::]" takes IPv4 as well, whatever the system's default says.
  if (address.ai_family == AF_INET6 && SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) != 0)
    return errno;
  // Accepted sockets inherit it: with Nagle a lone acknowledgement waits milliseconds.
  if (SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1) != 0) return errno;
  // Finds dead peers that asked for no MQTT keep alive: a probe after two minutes of silence.
  if (SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1) != 0 ||
      SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, 120) != 0 ||
      SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 30) != 0 ||
      SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 4) != 0) {
    return errno;
  }
  if (bind(fd, address.ai_addr, address.ai_addrlen) != 0) return errno;
  if (listen(fd, kBacklog) != 0) return errno;
  return 0;
}

}  // namespace

std::string FormatAddress(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return fmt::format("{}:{}", text, ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
      return fmt::format("{}:{}", text, ntohs(v6.sin6_port));
    }
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(v6.sin6_port));
  }
  return text;
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(ListenerOptions options) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  AddressList found;
  const int unresolved = getaddrinfo(options.host.empty() ? nullptr : options.host.c_str(),
                                     std::to_string(options.port).c_str(), &hints, &found.first);
  if (unresolved != 0) {
    return absl::InvalidArgumentError(fmt::format("cannot listen on {}:{}: {}", options.host,
                                                  options.port, gai_strerror(unresolved)));
  }
  int error = EADDRNOTAVAIL;
  for (const addrinfo* at = found.first; at != nullptr; at = at->ai_next) {
    UniqueFd fd(socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) {
      error = errno;
      continue;
    }
    error = BindAndListen(fd.get(), *at);
    if (error != 0) continue;
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
      error = errno;
      continue;
    }
    std::unique_ptr<Listener> listener(new Listener(std::move(options), std::move(fd)));
    listener->address_ = FormatAddress(bound);
    listener->port_ = static_cast<uint16_t>(
        std::stoi(listener->address_.substr(listener->address_.rfind(':') + 1)));
    return listener;
  }
  return BindError(error, options);
}

std::shared_ptr<const ListenerOptions> Listener::options() const {
  const MutexLock lock(&mutex_);
  return options_;
}

void Listener::Replace(std::shared_ptr<const tls::ServerContext> tls, const Limits& limits) {
  const MutexLock lock(&mutex_);
  auto next = std::make_shared<ListenerOptions>(*options_);
  next->tls = std::move(tls);
  next->limits = limits;
  options_ = std::move(next);
  most_connections_.store(limits.connections, std::memory_order_relaxed);
}

bool Listener::TakePlace() {
  if (connections_.fetch_add(1, std::memory_order_relaxed) <
      most_connections_.load(std::memory_order_relaxed)) {
    return true;
  }
  connections_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

}  // namespace sluice::server
