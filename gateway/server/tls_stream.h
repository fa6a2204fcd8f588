// One TLS connection's bytes between its socket and OpenSSL, which makes no system call of its own.
//
// One Receive() is one recv() into a buffer that all connections of a thread share; one Flush() is
// one send() of all that was encrypted since the last. What does not fit the moment is kept by the
// stream: input by KeepInput(), which the caller owes before another stream of the thread receives,
// output by Flush(). An idle stream holds neither.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/server/unique_fd.h"
#include "gateway/tls/openssl_ptr.h"
#include "gateway/tls/refusal.h"

namespace sluice::server {

// What the streams of one thread share. Outlives their use on that thread.
struct TlsScratch {
  static constexpr size_t kInputBytes = size_t{64} * 1024;

  TlsScratch() : input(new char[kInputBytes]) { output.reserve(kInputBytes); }

  std::unique_ptr<char[]> input;
  std::vector<char> output;  // encrypted, not sent; empty between two streams' turns
};

class TlsStream {
 public:
  enum class Status : uint8_t {
    kOk,
    kAgain,   // nothing now: the socket will tell
    kClosed,  // the peer ended the connection
    kFailed,  // the connection is broken, or the peer broke TLS
  };

  // Null when memory has run out. `socket` is non-blocking.
  static std::unique_ptr<TlsStream> Create(UniqueFd socket, tls::SslPtr ssl);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  // Moves to the thread that owns `scratch`. Not while input lies in another's: KeepInput() first.
  void Attach(TlsScratch* scratch) { scratch_ = scratch; }

  // One recv() of at most `limit` bytes. `*drained`: the socket had no more.
  Status Receive(size_t limit, bool* drained);
  // Goes on with the handshake. kFailed: `*refusal` and `*detail` say why.
  Status Accept(tls::Refusal* refusal, std::string* detail);
  // Decrypts into `out` until it is full or the input is used up. What was read counts whatever the
  // status.
  Status Read(std::span<char> out, size_t* size);
  void KeepInput();
  bool has_input() const { return !input_.empty() || SSL_pending(ssl_.get()) > 0; }

  // Encrypts `plain`; kFailed if the connection can write no more.
  Status Write(std::span<const char> plain);
  // One send(). kAgain: `unsent()` bytes wait for the socket.
  Status Flush();
  size_t unsent() const { return unsent_.size() - sent_; }

  // Says goodbye: close_notify, a last send, FIN. What is left is to close the socket, after the
  // peer had time to read (Lingering).
  void Shutdown();
  UniqueFd TakeSocket() { return std::move(socket_); }

  int fd() const { return socket_.get(); }
  SSL* ssl() const { return ssl_.get(); }

 private:
  friend struct StreamBio;

  TlsStream(UniqueFd socket, tls::SslPtr ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {}

  Status StatusOf(int result);

  UniqueFd socket_;
  tls::SslPtr ssl_;
  TlsScratch* scratch_ = nullptr;
  std::span<const char> input_;  // in the scratch, or in kept_
  std::vector<char> kept_;
  std::vector<char> unsent_;
  size_t sent_ = 0;  // of unsent_
  bool broken_ = false;
};

}  // namespace sluice::server
