#include "gateway/server/tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::server {

// OpenSSL's end of a stream: reads what Receive() fetched, writes to the thread's output.
struct StreamBio {
  static TlsStream* Stream(BIO* bio) { return static_cast<TlsStream*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* out, size_t size, size_t* got) {
    TlsStream* stream = Stream(bio);
    BIO_clear_retry_flags(bio);
    if (stream->input_.empty()) {
      BIO_set_retry_read(bio);
      return 0;
    }
    *got = std::min(size, stream->input_.size());
    std::memcpy(out, stream->input_.data(), *got);
    stream->input_ = stream->input_.subspan(*got);
    return 1;
  }

  static int Write(BIO* bio, const char* data, size_t size, size_t* written) {
    BIO_clear_retry_flags(bio);
    std::vector<char>& output = Stream(bio)->scratch_->output;
    output.insert(output.end(), data, data + size);
    *written = size;
    return 1;
  }

  static long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static int Create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static const BIO_METHOD* Method() {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sluice stream");
      if (made == nullptr) return made;
      BIO_meth_set_read_ex(made, Read);
      BIO_meth_set_write_ex(made, Write);
      BIO_meth_set_ctrl(made, Control);
      BIO_meth_set_create(made, Create);
      return made;
    }();
    return method;
  }
};

std::unique_ptr<TlsStream> TlsStream::Create(UniqueFd socket, tls::SslPtr ssl) {
  if (ssl == nullptr || StreamBio::Method() == nullptr) return nullptr;
  BIO* bio = BIO_new(StreamBio::Method());
  if (bio == nullptr) return nullptr;
  std::unique_ptr<TlsStream> stream(new TlsStream(std::move(socket), std::move(ssl)));
  BIO_set_data(bio, stream.get());
  SSL_set_bio(stream->ssl_.get(), bio, bio);
  SSL_set_accept_state(stream->ssl_.get());
  // Our BIO takes all, so one SSL_write() writes all.
  SSL_clear_mode(stream->ssl_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE);
  return stream;
}

TlsStream::~TlsStream() = default;

TlsStream::Status TlsStream::Receive(size_t limit, bool* drained) {
  assert(input_.empty());
  limit = std::min(limit, TlsScratch::kInputBytes);
  ssize_t got;
  do {
    got = recv(socket_.get(), scratch_->input.get(), limit, 0);
  } while (got < 0 && errno == EINTR);
  // A short recv emptied the socket: whatever comes later raises a new event.
  *drained = got < static_cast<ssize_t>(limit);
  if (got > 0) {
    input_ = {scratch_->input.get(), static_cast<size_t>(got)};
    return Status::kOk;
  }
  if (got == 0) return Status::kClosed;
  return errno == EAGAIN || errno == EWOULDBLOCK ? Status::kAgain : Status::kFailed;
}

// Leaves the thread's error queue empty, on which the next call's SSL_get_error relies.
TlsStream::Status TlsStream::StatusOf(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Status::kAgain;
    case SSL_ERROR_ZERO_RETURN:
      return Status::kClosed;
    default:
      ERR_clear_error();
      broken_ = true;
      return Status::kFailed;
  }
}

TlsStream::Status TlsStream::Accept(tls::Refusal* refusal, std::string* detail) {
  ERR_clear_error();
  const int result = SSL_accept(ssl_.get());
  if (result == 1) return Status::kOk;
  *refusal = tls::ClassifyHandshake(ssl_.get(), result, detail);
  ERR_clear_error();
  if (*refusal == tls::Refusal::kNone) return Status::kAgain;
  broken_ = true;
  return Status::kFailed;
}

TlsStream::Status TlsStream::Read(std::span<char> out, size_t* size) {
  *size = 0;
  while (*size < out.size()) {
    size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), out.data() + *size, out.size() - *size, &got);
    if (result != 1) return StatusOf(result);
    *size += got;
  }
  return Status::kOk;
}

void TlsStream::KeepInput() {
  if (input_.empty()) {
    kept_ = {};
    return;
  }
  if (!kept_.empty() && input_.data() >= kept_.data() &&
      input_.data() < kept_.data() + kept_.size()) {
    return;  // an earlier call kept it
  }
  kept_.assign(input_.begin(), input_.end());
  input_ = kept_;
}

TlsStream::Status TlsStream::Write(std::span<const char> plain) {
  if (plain.empty()) return Status::kOk;
  if (broken_) return Status::kFailed;
  size_t written = 0;
  const int result = SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written);
  if (result == 1) return Status::kOk;
  StatusOf(result);
  // Our BIO takes all, so a write that wants something has met a renegotiation, which is off.
  broken_ = true;
  return Status::kFailed;
}

TlsStream::Status TlsStream::Flush() {
  std::vector<char>& fresh = scratch_->output;
  const bool backlog = unsent() > 0;
  if (backlog) {
    // Without what has gone: a peer that always leaves a little would make this grow for ever.
    if (!fresh.empty()) {
      unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<ptrdiff_t>(sent_));
      sent_ = 0;
    }
    unsent_.insert(unsent_.end(), fresh.begin(), fresh.end());
    fresh.clear();
  }
  std::span<const char> data =
      backlog ? std::span<const char>(unsent_).subspan(sent_) : std::span<const char>(fresh);
  if (data.empty()) return Status::kOk;
  ssize_t sent;
  do {
    sent = send(socket_.get(), data.data(), data.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  const bool broken = sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK;
  const size_t done = sent > 0 ? static_cast<size_t>(sent) : 0;
  if (broken) {
    fresh.clear();
    broken_ = true;
    return Status::kFailed;
  }
  if (backlog) {
    sent_ += done;
  } else if (done < fresh.size()) {
    unsent_.assign(fresh.begin() + static_cast<ptrdiff_t>(done), fresh.end());
    sent_ = 0;
  }
  fresh.clear();
  if (unsent() > 0) return Status::kAgain;
  unsent_ = {};
  sent_ = 0;
  return Status::kOk;
}

void TlsStream::Shutdown() {
  if (!broken_ && SSL_is_init_finished(ssl_.get())) {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  Flush();
  shutdown(socket_.get(), SHUT_WR);
}

}  // namespace sluice::server
