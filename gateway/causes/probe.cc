#include "gateway/causes/probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace sluice::causes {
namespace {

struct AddressesDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
struct ContextDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslDeleter {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

// 0 or the errno with which connecting ended.
int ConnectWithin(int fd, const addrinfo& address, std::chrono::milliseconds timeout) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  if (connect(fd, address.ai_addr, address.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd waiting = {fd, POLLOUT, 0};
  const int ready = poll(&waiting, 1, static_cast<int>(timeout.count()));
  if (ready == 0) return ETIMEDOUT;
  if (ready < 0) return errno;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

Finding FromVerifyError(long error) {  // NOLINT(google-runtime-int): OpenSSL's type
  std::string words = X509_verify_cert_error_string(error);
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {Cause::kHostName, std::move(words)};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {Cause::kClock, "the hub's certificate is not valid yet, by this box's clock"};
    default:
      return {Cause::kTrust, std::move(words)};
  }
}

// `fd` is connected and non-blocking; made blocking with a time limit here.
Finding TryTls(int fd, const std::string& host, const std::string& ca_file,
               std::chrono::milliseconds timeout) {
  fcntl(fd, F_SETFL, 0);
  const timeval limit = {static_cast<time_t>(timeout.count() / 1000),
                         static_cast<suseconds_t>(timeout.count() % 1000 * 1000)};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);

  const std::unique_ptr<SSL_CTX, ContextDeleter> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const int loaded = ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context.get())
                         : SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr);
  if (loaded != 1) return {Cause::kTrust, "cannot read the CA file " + ca_file};

  const std::unique_ptr<SSL, SslDeleter> ssl(SSL_new(context.get()));
  in6_addr literal;
  const bool is_address = inet_pton(AF_INET, host.c_str(), &literal) == 1 ||
                          inet_pton(AF_INET6, host.c_str(), &literal) == 1;
  if (is_address) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    SSL_set1_host(ssl.get(), host.c_str());
    // SSL_set_tlsext_host_name() written out: the macro casts in the old style.
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
  }
  SSL_set_fd(ssl.get(), fd);
  ERR_clear_error();
  if (SSL_connect(ssl.get()) == 1) {
    SSL_shutdown(ssl.get());
    return {};
  }
  const long verify_error = SSL_get_verify_result(ssl.get());  // NOLINT(google-runtime-int)
  if (verify_error != X509_V_OK) return FromVerifyError(verify_error);
  char words[256] = "the peer closed the connection";
  if (const unsigned long error = ERR_get_error(); error != 0) {  // NOLINT(google-runtime-int)
    ERR_error_string_n(error, words, sizeof words);
  }
  ERR_clear_error();
  return {Cause::kUnavailable, std::string("TLS handshake: ") + words};
}

}  // namespace

Finding Probe(const std::string& host, uint16_t port, const std::string& ca_file,
              std::chrono::milliseconds timeout) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (error != 0) return {Cause::kNameResolution, host + ": " + gai_strerror(error)};
  const std::unique_ptr<addrinfo, AddressesDeleter> addresses(list);

  int connect_error = 0;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    const Socket socket(::socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.fd() < 0) continue;
    connect_error = ConnectWithin(socket.fd(), *a, timeout);
    if (connect_error == 0) return TryTls(socket.fd(), host, ca_file, timeout);
  }
  const Cause cause = connect_error == ECONNREFUSED ? Cause::kRefused : Cause::kUnreachable;
  return {cause, host + ":" + std::to_string(port) + ": " + std::strerror(connect_error)};
}

}  // namespace sluice::causes
