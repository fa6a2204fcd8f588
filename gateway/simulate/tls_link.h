// A client's TLS connection on a non-blocking socket: plain bytes in, plain bytes out.
//
// TLS runs on memory, so that one system call receives or sends whatever has gathered. After any
// error the link is dead: destroy it.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/tls/openssl_ptr.h"
#include "gateway/tls/pki.h"

namespace sluice::simulate {

// Where to connect to, resolved once, and the name that the server's certificate must carry.
struct Endpoint {
  struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
  };
  std::string host;
  std::vector<Address> addresses;  // never empty
};

// `text` is HOST:PORT or [IPV6]:PORT.
absl::StatusOr<Endpoint> ResolveEndpoint(const std::string& text);

// What all links of a fleet share: servers are verified against the CAs in `ca_file`.
absl::StatusOr<tls::SslCtxPtr> NewClientContext(const std::string& ca_file);

class TlsLink {
 public:
  // Starts to connect. `context` and `endpoint` must outlive the link. `attempt` chooses among
  // several addresses.
  static absl::StatusOr<TlsLink> Connect(SSL_CTX* context, const Endpoint& endpoint, size_t attempt,
                                         const tls::Credential& credential);
  TlsLink(TlsLink&& other) noexcept;
  TlsLink& operator=(TlsLink&&) = delete;
  ~TlsLink();

  int fd() const { return fd_; }
  bool established() const { return established_; }
  // The socket takes no more for now: wait until it is writable before sending again.
  bool blocked() const { return connecting_ || !unsent_.empty(); }

  // The socket is readable: appends what came to `plain`. An error if the link has ended, with its
  // cause.
  absl::Status Receive(std::string& plain);
  // The socket is writable.
  absl::Status OnWritable();
  // Only once established. Takes everything; what the socket does not is kept.
  absl::Status Send(std::string_view plain);
  // Says that nothing more will come. The peer's answer is the end of Receive().
  void FinishSending();

 private:
  TlsLink(int fd, tls::SslPtr ssl, bool connecting);

  absl::Status Handshake();
  absl::Status Decrypt(std::string& plain);
  absl::Status Flush();
  absl::Status TlsError(int result, const char* doing);

  int fd_;
  tls::SslPtr ssl_;
  BIO* incoming_ = nullptr;  // owned by ssl_
  BIO* outgoing_ = nullptr;  // owned by ssl_
  bool connecting_;
  bool established_ = false;
  std::string unsent_;  // ciphertext that the socket has not taken
};

}  // namespace sluice::simulate
