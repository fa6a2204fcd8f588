// A connection's life and bytes; see connection.h.
#include "gateway/server/connection.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "gateway/mqtt/disconnect.h"
#include "gateway/server/connection_send.h"

namespace sluice::server {
namespace {

// A turn's share of one connection: some hundred messages a system call, and the others wait
// little.
constexpr size_t kReceiveBytes = size_t{32} * 1024;
// While some wait for room, what is read may have to be kept: read less at once.
constexpr size_t kReceiveBytesUnderPressure = size_t{4} * 1024;
// Acknowledgements nobody reads: tens of thousands, far beyond any receive maximum.
constexpr size_t kMaxUnsentBytes = size_t{256} * 1024;
// Of a packet that came in part, what is made room for at once.
constexpr size_t kMaxRoom = size_t{16} * 1024;

}  // namespace

Connection::Connection(WorkerState* worker, Arrival arrival)
    : worker_(*worker),
      stream_(std::move(arrival.stream)),
      listener_(arrival.listener),
      options_(std::move(arrival.options)),
      identity_(std::move(arrival.identity)),
      address_(std::move(arrival.address)),
      connect_deadline_us_(arrival.deadline_us) {
  stream_->Attach(&worker_.tls);
  worker_.timers.Arm(this, connect_deadline_us_);
  readable_ = true;  // CONNECT may have come along with the handshake's last flight
  WantRead();
}

Connection::~Connection() {
  assert(!in_with_output_);
  if (in_to_read_) std::erase(worker_.to_read, this);
  if (in_waiting_for_room_) std::erase(worker_.waiting_for_room, this);
  listener_->GivePlaceBack();
}

bool Connection::Reading() const {
  return state_ != State::kClosed && !no_room_ && !window_full_ && !worker_.draining;
}

size_t Connection::unsettled() const { return session_.has_value() ? queue().size() : 0; }

void Connection::OnEvents(uint32_t events) {
  if (closed()) return;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_finished_ = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && !Reading()) return Close(CloseReason::kTransport);
  if ((events & EPOLLOUT) != 0 && stream_->unsent() > 0) WantWrite();
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    readable_ = true;
    WantRead();
  }
}

void Connection::WantRead() {
  if (in_to_read_) return;
  in_to_read_ = true;
  worker_.to_read.push_back(this);
}

void Connection::WantWrite() {
  if (in_with_output_) return;
  in_with_output_ = true;
  worker_.with_output.push_back(this);
}

void Connection::ReadTurn() {
  in_to_read_ = false;
  // Packets that waited while reading was paused.
  if (!partial_.empty() && Reading()) TakePartial();
  bool received = false;
  while (Reading()) {
    const TlsStream::Status status = ReadPlain();
    if (status == TlsStream::Status::kOk) continue;
    if (status == TlsStream::Status::kClosed) {
      Close(CloseReason::kPeerClosed);
    } else if (status == TlsStream::Status::kFailed) {
      Close(CloseReason::kTransport);
    } else if (readable_ && !received && Reading()) {
      received = true;
      Receive();
    } else {
      break;
    }
  }
  // What TLS itself had to answer; the buffer is the next connection's.
  if (!worker_.tls.output.empty()) FlushTlsAnswers();
  stream_->KeepInput();
  if (readable_ && Reading()) WantRead();
}

// Alerts, above all: TLS 1.2 answers each attempt to renegotiate by one. Nobody need read them.
void Connection::FlushTlsAnswers() {
  if (stream_->Flush() == TlsStream::Status::kFailed) return Close(CloseReason::kTransport);
  if (stream_->unsent() > kMaxUnsentBytes) Close(CloseReason::kSlowReader);
}

// One recv(). After a short one there is nothing more, except the end of the connection.
void Connection::Receive() {
  const size_t limit =
      worker_.waiting_for_room.empty() ? kReceiveBytes : kReceiveBytesUnderPressure;
  bool drained = false;
  const TlsStream::Status status = stream_->Receive(limit, &drained);
  if (drained && !peer_finished_) readable_ = false;
  switch (status) {
    case TlsStream::Status::kOk:
      return;
    case TlsStream::Status::kAgain:
      readable_ = false;
      return;
    case TlsStream::Status::kClosed:
      return Close(CloseReason::kPeerClosed);
    case TlsStream::Status::kFailed:
      return Close(CloseReason::kTransport);
  }
}

// Decrypts what was received and takes the packets in it. Where a packet has come in part, exactly
// what it lacks is read behind that part, and then the common buffer serves again.
TlsStream::Status Connection::ReadPlain() {
  size_t size = 0;
  if (partial_.empty()) {
    char* const plain = worker_.plain.get();
    const TlsStream::Status status = stream_->Read({plain, WorkerState::kPlainBytes}, &size);
    const std::string_view bytes(plain, size);
    const size_t taken = TakePackets(bytes);
    if (taken < size && !closed()) partial_.Assign(bytes.substr(taken));
    return status;
  }
  const size_t have = partial_.bytes().size();
  const size_t lacking = partial_total_ > have ? partial_total_ - have : 1;
  const TlsStream::Status status = stream_->Read(partial_.Room(std::min(lacking, kMaxRoom)), &size);
  partial_.Commit(size);
  if (size > 0) TakePartial();
  return status;
}

void Connection::TakePartial() {
  const size_t taken = TakePackets(partial_.bytes());
  if (taken > 0) partial_.Consume(taken);
}

size_t Connection::TakePackets(std::string_view bytes) {
  size_t taken = 0;
  while (Reading() && taken < bytes.size()) {
    const mqtt::Frame frame = mqtt::NextFrame(bytes.substr(taken), options_->limits.packet_bytes);
    if (!frame.complete()) {
      if (frame.status == mqtt::Frame::Status::kError) CloseFor(frame.reason, frame.type);
      partial_total_ = frame.size;
      break;
    }
    if (!TakePacket(frame)) break;
    taken += frame.size;
  }
  if (taken > 0) last_packet_us_ = worker_.now.steady_us;
  return taken;
}

void Connection::WriteTurn() {
  in_with_output_ = false;
  if (stream_ == nullptr) return;
  if (stream_->unsent() > 0) {
    const TlsStream::Status status = stream_->Flush();
    if (status == TlsStream::Status::kFailed) return Close(CloseReason::kTransport);
    if (status == TlsStream::Status::kAgain) {
      // The socket will tell; until then packets gather here.
      if (output_.size() + stream_->unsent() > kMaxUnsentBytes) Close(CloseReason::kSlowReader);
      return;
    }
  }
  if (output_.empty()) return;
  TlsStream::Status status = stream_->Write(output_.bytes());
  output_.Clear();
  if (status == TlsStream::Status::kOk) status = stream_->Flush();
  if (status == TlsStream::Status::kFailed) Close(CloseReason::kTransport);
}

void Connection::OnRoom() {
  in_waiting_for_room_ = false;
  no_room_ = false;
  last_packet_us_ = worker_.now.steady_us;  // what it sent meanwhile was not looked at
  WantRead();
}

void Connection::PauseForRoom() {
  worker_.counters.paused.Add();
  no_room_ = true;
  if (in_waiting_for_room_) return;
  in_waiting_for_room_ = true;
  worker_.waiting_for_room.push_back(this);
}

void Connection::PauseForWindow() {
  worker_.counters.paused.Add();
  window_full_ = true;
}

// Armed with the CONNECT deadline, then with the keep alive, never by a message: it looks when it
// would fire whether something came meanwhile.
void Connection::OnTimer(int64_t now_us) {
  if (state_ == State::kAwaitingConnect) return Close(CloseReason::kConnectTimeout);
  if (closed() || keep_alive_us_ == 0) return;
  // While we do not read, its silence is ours.
  if (!Reading()) last_packet_us_ = now_us;
  const int64_t deadline_us = last_packet_us_ + keep_alive_us_;
  if (deadline_us <= now_us) return Close(CloseReason::kKeepAlive);
  worker_.timers.Arm(this, deadline_us);
}

void Connection::Close(CloseReason reason, std::string_view detail,
                       std::optional<mqtt::Reason> code) {
  if (closed()) return;
  if (state_ == State::kAwaitingConnect &&
      (reason == CloseReason::kPeerClosed || reason == CloseReason::kTransport)) {
    reason = CloseReason::kGone;
  }
  if (state_ == State::kOpen) {
    worker_.counters.connections.Subtract();
    mqtt::DisconnectView disconnect;
    disconnect.reason = code.value_or(TextOf(reason).code);
    if (version_ == mqtt::Version::k5 && disconnect.reason != mqtt::Reason::kSuccess) {
      Send([&](std::span<char> out) { return EncodeDisconnect(version_, disconnect, out); });
    }
  }
  close_reason_ = reason;
  LogClose(reason, detail);
  LeaveSession();
  state_ = State::kClosed;
  partial_ = {};
  TimerWheel::Cancel(this);
  worker_.counters.closed[static_cast<size_t>(reason)].Add();
  worker_.closed.push_back(this);
}

void Connection::LogClose(CloseReason reason, std::string_view detail) {
  operate::LogLimiter& limit = worker_.log_limits[static_cast<size_t>(reason)];
  const bool expected = reason == CloseReason::kDisconnected || reason == CloseReason::kShutdown ||
                        reason == CloseReason::kGone;
  const operate::LogLevel level =
      expected ? operate::LogLevel::kDebug
               : (IsRefusal(reason) ? operate::LogLevel::kWarning : operate::LogLevel::kInfo);
  if (!limit.Admit(worker_.now.steady_us)) return;
  const CloseReasonText& text = TextOf(reason);
  operate::Log(level, IsRefusal(reason) ? "connection_refused" : "connection_closed",
               fmt::format("{} a connection: {}{}{}", IsRefusal(reason) ? "refused" : "closed",
                           text.sentence, text.advice.empty() ? "" : "; ", text.advice),
               {{"reason", text.label},
                {"address", address_},
                {"identity", identity_},
                {"client_id", client_id_},
                {"detail", detail},
                {"suppressed", std::to_string(limit.TakeSuppressed())}});
}

void Connection::Finish() {
  const bool peer_left = close_reason_ == CloseReason::kGone ||
                         close_reason_ == CloseReason::kPeerClosed ||
                         close_reason_ == CloseReason::kTransport;
  if (!peer_left) {
    if (!output_.empty()) stream_->Write(output_.bytes());
    stream_->Shutdown();
    // After its own DISCONNECT the peer waits for nothing.
    if (close_reason_ != CloseReason::kDisconnected)
      worker_.lingering.Add(stream_->TakeSocket(), worker_.now.steady_us);
  }
  worker_.tls.output.clear();
  stream_.reset();
}

}  // namespace sluice::server
