#include "gateway/simulate/tls_link.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::simulate {
namespace {

constexpr size_t kReceiveBytes = size_t{64} * 1024;

// Bytes on their way between socket, TLS and caller; nothing stays in them between two calls.
thread_local std::array<char, kReceiveBytes> transit;
thread_local std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> record;

absl::Status ErrnoError(const char* doing, int error) {
  return absl::UnavailableError(fmt::format("{}: {}", doing, std::strerror(error)));
}

bool WouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

bool IsAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

// The server's certificate must be for `host`.
bool ExpectHost(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* checks = SSL_get0_param(ssl);
  if (IsAddress(host)) return X509_VERIFY_PARAM_set1_ip_asc(checks, host.c_str()) == 1;
  // What SSL_set_tlsext_host_name stands for, whose cast our warnings refuse.
  return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host.c_str())) == 1 &&
         X509_VERIFY_PARAM_set1_host(checks, host.data(), host.size()) == 1;
}

}  // namespace

absl::StatusOr<Endpoint> ResolveEndpoint(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no HOST:PORT", text));
  }
  Endpoint endpoint;
  endpoint.host = text.substr(0, colon);
  if (endpoint.host.front() == '[' && endpoint.host.back() == ']') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(endpoint.host.c_str(), text.c_str() + colon + 1, &hints, &found);
  if (error != 0)
    return absl::InvalidArgumentError(fmt::format("{}: {}", text, gai_strerror(error)));
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Endpoint::Address address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    endpoint.addresses.push_back(address);
  }
  freeaddrinfo(found);
  return endpoint;
}

absl::StatusOr<tls::SslCtxPtr> NewClientContext(const std::string& ca_file) {
  tls::SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return absl::ResourceExhaustedError("no TLS context");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  // Thousands of links are mostly idle: 23 KB each without their buffers, 56 KB with them.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1) {
    ERR_clear_error();
    return absl::NotFoundError(fmt::format("{}: no CA certificates can be read from it", ca_file));
  }
  return context;
}

absl::StatusOr<TlsLink> TlsLink::Connect(SSL_CTX* context, const Endpoint& endpoint, size_t attempt,
                                         const tls::Credential& credential) {
  tls::SslPtr ssl(SSL_new(context));
  if (ssl == nullptr || SSL_use_certificate(ssl.get(), credential.certificate.get()) != 1 ||
      SSL_use_PrivateKey(ssl.get(), credential.key.get()) != 1 ||
      !ExpectHost(ssl.get(), endpoint.host)) {
    ERR_clear_error();
    return absl::InternalError("the certificate cannot be used: is it the key's?");
  }
  const Endpoint::Address& address = endpoint.addresses[attempt % endpoint.addresses.size()];
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return ErrnoError("socket", errno);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  TlsLink link(fd, std::move(ssl), true);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 &&
      errno != EINPROGRESS) {
    return ErrnoError("connect", errno);
  }
  return link;
}

TlsLink::TlsLink(int fd, tls::SslPtr ssl, bool connecting)
    : fd_(fd), ssl_(std::move(ssl)), connecting_(connecting) {
  incoming_ = BIO_new(BIO_s_mem());
  outgoing_ = BIO_new(BIO_s_mem());
  assert(incoming_ != nullptr && outgoing_ != nullptr);
  SSL_set_bio(ssl_.get(), incoming_, outgoing_);
  SSL_set_connect_state(ssl_.get());
}

TlsLink::TlsLink(TlsLink&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::move(other.ssl_)),
      incoming_(other.incoming_),
      outgoing_(other.outgoing_),
      connecting_(other.connecting_),
      established_(other.established_),
      unsent_(std::move(other.unsent_)) {}

TlsLink::~TlsLink() {
  if (fd_ >= 0) close(fd_);
}

absl::Status TlsLink::Receive(std::string& plain) {
  if (connecting_) return absl::OkStatus();
  for (;;) {
    const ssize_t got = recv(fd_, transit.data(), transit.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && WouldBlock(errno)) return absl::OkStatus();
    if (got < 0) return ErrnoError("receive", errno);
    if (got == 0) return absl::UnavailableError("closed by the server");
    BIO_write(incoming_, transit.data(), static_cast<int>(got));
    if (!established_) {
      if (absl::Status status = Handshake(); !status.ok()) return status;
    }
    if (established_) {
      if (absl::Status status = Decrypt(plain); !status.ok()) return status;
    }
    // After a short read there is nothing more: another call would only say so.
    if (static_cast<size_t>(got) < transit.size()) return absl::OkStatus();
  }
}

absl::Status TlsLink::Handshake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  established_ = result == 1;
  absl::Status failure = TlsError(result, "TLS handshake");
  absl::Status flushed = Flush();  // an alert too, so that the server knows why
  return failure.ok() ? flushed : failure;
}

absl::Status TlsLink::Decrypt(std::string& plain) {
  // Asking TLS when nothing is left costs as much as a record does.
  while (SSL_pending(ssl_.get()) > 0 || BIO_pending(incoming_) > 0) {
    ERR_clear_error();
    const int got = SSL_read(ssl_.get(), record.data(), static_cast<int>(record.size()));
    if (got > 0) {
      plain.append(record.data(), static_cast<size_t>(got));
      continue;
    }
    if (absl::Status status = TlsError(got, "TLS"); !status.ok()) return status;
    break;  // the rest of a record has yet to come
  }
  return BIO_pending(outgoing_) > 0 ? Flush()
                                    : absl::OkStatus();  // TLS itself may have something to say
}

absl::Status TlsLink::TlsError(int result, const char* doing) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return absl::OkStatus();
    case SSL_ERROR_ZERO_RETURN:
      return absl::UnavailableError("closed by the server");
    default: {
      const unsigned long error = ERR_get_error();
      const long verified = SSL_get_verify_result(ssl_.get());
      const char* reason = error == 0 ? "broken off" : ERR_reason_error_string(error);
      if (verified != X509_V_OK) reason = X509_verify_cert_error_string(verified);
      ERR_clear_error();
      return absl::UnavailableError(
          fmt::format("{}: {}", doing, reason == nullptr ? "unknown error" : reason));
    }
  }
}

absl::Status TlsLink::OnWritable() {
  if (!connecting_) return Flush();
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return ErrnoError("connect", error);
  connecting_ = false;
  return Handshake();
}

absl::Status TlsLink::Send(std::string_view plain) {
  assert(established_);
  if (plain.empty()) return absl::OkStatus();
  ERR_clear_error();
  const int result = SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
  if (result <= 0) return TlsError(result, "TLS");
  return Flush();
}

absl::Status TlsLink::Flush() {
  for (;;) {
    std::string_view bytes = unsent_;
    if (bytes.empty()) {
      const int size = BIO_read(outgoing_, transit.data(), static_cast<int>(transit.size()));
      if (size <= 0) return absl::OkStatus();
      bytes = {transit.data(), static_cast<size_t>(size)};
    }
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && !WouldBlock(errno)) return ErrnoError("send", errno);
    const size_t taken = sent < 0 ? 0 : static_cast<size_t>(sent);
    if (taken < bytes.size()) {
      unsent_ = std::string(bytes.substr(taken));
      return absl::OkStatus();
    }
    unsent_.clear();
  }
}

void TlsLink::FinishSending() {
  if (!established_) return;
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
  // A link that is gone already has nothing to finish.
  if (Flush().ok() && unsent_.empty()) shutdown(fd_, SHUT_WR);
}

}  // namespace sluice::simulate
