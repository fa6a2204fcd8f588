#include "tests/devhub/client.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::devhub {
namespace {

constexpr int64_t kHandshakePatienceUs = 30'000'000;
constexpr int64_t kDrainPatienceUs = 1'000'000;
constexpr size_t kReadBytes = 64 << 10;
constexpr size_t kReadBytesATurn = 1 << 20;

}  // namespace

Client::Client(FileDescriptor fd, std::string address, Hub& hub, const Tls& tls,
               std::function<void()> wake, Conversation::Door door)
    : fd_(std::move(fd)),
      address_(std::move(address)),
      hub_(hub),
      tls_(tls),
      wake_(std::move(wake)),
      door_(door),
      ssl_(tls.Accept(fd_.get())),
      deadline_us_(hub.clock().SteadyMicros() + kHandshakePatienceUs) {
  if (ssl_ == nullptr) Finish();
}

void Client::SetReady(bool readable, bool writable) {
  readable_ = readable_ || readable;
  writable_ = writable_ || writable;
}

bool Client::WantsToRead() const {
  if (state_ != State::kOpen) return readable_ && !finished();
  return (readable_ || held_back_) && !conversation_->closed() && conversation_->wants_input();
}

bool Client::Handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) {
    state_ = State::kOpen;
    conversation_ =
        std::make_unique<Conversation>(hub_, tls_.Examine(ssl_.get()), address_, wake_, door_);
    return true;
  }
  const int error = SSL_get_error(ssl_.get(), done);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    // The server's own flight is small and the buffer empty: waiting to write is waiting for the
    // client, too.
    readable_ = false;
    return false;
  }
  hub_.Report(kTlsFailed, "", address_, LastTlsError());
  Finish();
  return false;
}

void Client::Read() {
  if (state_ == State::kHandshake && !Handshake()) return;
  if (state_ == State::kDraining) return Drain();
  size_t left = kReadBytesATurn;
  while (state_ == State::kOpen && WantsToRead() && left > 0) {
    left -= std::min(left, ReadSome());
  }
}

size_t Client::ReadSome() {
  if (held_back_) HandleInput();
  if (!readable_ || !WantsToRead()) return 0;
  if (input_.size() - input_size_ < kReadBytes) input_.resize(input_size_ + kReadBytes);
  size_t got = 0;
  ERR_clear_error();
  if (SSL_read_ex(ssl_.get(), input_.data() + input_size_, input_.size() - input_size_, &got) ==
      1) {
    input_size_ += got;
    HandleInput();
    return got;
  }
  const int error = SSL_get_error(ssl_.get(), 0);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    readable_ = false;
  } else {
    Finish();  // end of stream, reset, or broken TLS
  }
  return 0;
}

void Client::HandleInput() {
  const size_t handled = conversation_->Receive({input_.data(), input_size_});
  held_back_ = !conversation_->wants_input() && handled < input_size_;
  if (handled == 0) return;
  input_size_ -= handled;
  std::memmove(input_.data(), input_.data() + handled, input_size_);
}

void Client::Write() {
  if (state_ != State::kOpen) return;
  std::string& output = *conversation_->output();
  size_t sent = 0;
  while (sent < output.size() && writable_) {
    size_t now = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_.get(), output.data() + sent, output.size() - sent, &now) == 1) {
      sent += now;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), 0);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return Finish();
    writable_ = false;
  }
  output.erase(0, sent);
  if (!output.empty() || !conversation_->closed()) return;
  // Closing while input lies unread resets the connection, and the last answer is lost with it: say
  // that nothing more comes, and wait for the client to go.
  SSL_shutdown(ssl_.get());
  shutdown(fd_.get(), SHUT_WR);
  state_ = State::kDraining;
  deadline_us_ = hub_.clock().SteadyMicros() + kDrainPatienceUs;
  Drain();
}

void Client::Drain() {
  char junk[16384];
  for (;;) {
    const ssize_t got = recv(fd_.get(), junk, sizeof(junk), 0);
    if (got > 0) continue;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    return Finish();
  }
  readable_ = false;
}

void Client::Tick() {
  if (state_ == State::kOpen) {
    conversation_->Tick();
    // What had come while it did not want any.
    if (input_size_ > 0) HandleInput();
    return;
  }
  if (finished() || hub_.clock().SteadyMicros() < deadline_us_) return;
  if (state_ == State::kHandshake)
    hub_.Report(kTlsFailed, "", address_, "the handshake took too long");
  Finish();
}

int64_t Client::NextDeadline() const {
  return state_ == State::kOpen ? conversation_->NextDeadline() : deadline_us_;
}

void Client::Abort(const std::string& why) {
  if (conversation_ != nullptr) conversation_->Close(kServerError, why);
  Finish();
}

void Client::Finish() {
  if (state_ == State::kFinished) return;
  state_ = State::kFinished;
  conversation_.reset();  // publishes the will
  ssl_.reset();
  wake_();  // the descriptor lives as long as this object: its number names it until the server
            // lets go
}

}  // namespace sluice::devhub
