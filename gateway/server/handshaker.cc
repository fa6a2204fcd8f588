#include "gateway/server/handshaker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "gateway/tls/identity.h"

namespace sluice::server {
namespace {

constexpr int kMaxEvents = 128;
constexpr int kMaxAcceptsATurn = 32;
constexpr size_t kReceiveBytes = size_t{16} * 1024;  // far above any client's flight
constexpr int64_t kAcceptPauseUs = 100'000;

// Lowest weight, yet not SCHED_IDLE: under full load the newcomers' 10 s must still suffice.
void LowerPriority() { setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 19); }

}  // namespace

class Handshaker::Handshake final : public Watched, public Timer {
 public:
  Handshake(Handshaker* owner, Door* its_door, std::unique_ptr<TlsStream> its_stream,
            std::string its_address, int64_t its_deadline_us)
      : Watched{false},
        door(its_door),
        options(its_door->options),
        stream(std::move(its_stream)),
        address(std::move(its_address)),
        deadline_us(its_deadline_us),
        owner_(*owner) {}

  // False: the certificate gives none; `identity` says why.
  bool TakeIdentity(const X509& certificate) {
    identity = tls::IdentityOf(certificate, owner_.identity_);
    return identity.ok();
  }

  Door* const door;
  const std::shared_ptr<const ListenerOptions> options;  // it was accepted under these
  std::unique_ptr<TlsStream> stream;                     // null: over
  tls::Identity identity;
  const std::string address;
  const int64_t deadline_us;

 private:
  void OnTimer(int64_t) override { owner_.Refuse(this, tls::Refusal::kTimeout, {}, {}); }

  Handshaker& owner_;
};

// Runs inside the handshake, so that who has no usable identity hears it as an alert.
struct Handshaker::PeerCheck {
  static int Verify(int preverified, X509_STORE_CTX* verification) {
    auto* const ssl = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
    const SSL_verify_cb contexts = SSL_CTX_get_verify_callback(SSL_get_SSL_CTX(ssl));
    if (contexts != nullptr) preverified = contexts(preverified, verification);
    auto* const handshake = static_cast<Handshake*>(SSL_get_app_data(ssl));
    if (preverified != 1 || handshake == nullptr ||
        X509_STORE_CTX_get_error_depth(verification) != 0) {
      return preverified;
    }
    if (handshake->TakeIdentity(*X509_STORE_CTX_get_current_cert(verification))) return 1;
    X509_STORE_CTX_set_error(verification, X509_V_ERR_CERT_REJECTED);
    return 0;
  }
};

// After accept() failed for want of descriptors or memory: doors stay closed for a moment.
class Handshaker::AcceptPause final : public Timer {
 public:
  void OnTimer(int64_t) override {}
};

Handshaker::Door::Door(Listener* its_listener, uint32_t threads)
    : Watched{true}, listener(its_listener), share(threads) {
  Refresh();
}

void Handshaker::Door::Refresh() {
  options = listener->options();
  limit = std::max(1U, options->limits.handshakes / share);
}

Handshaker::Handshaker(std::vector<Listener*> listeners, uint32_t threads,
                       tls::IdentitySource identity, const Clock& clock,
                       std::function<void(Arrival)> hand_over)
    : listeners_(std::move(listeners)),
      identity_(identity),
      clock_(clock),
      hand_over_(std::move(hand_over)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      reserve_(open("/dev/null", O_RDONLY | O_CLOEXEC)),
      now_(clock.Now()),
      timers_(now_.steady_us),
      lingering_(&timers_),
      accept_pause_(std::make_unique<AcceptPause>()) {
  for (Listener* listener : listeners_) doors_.push_back(std::make_unique<Door>(listener, threads));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
}

Handshaker::~Handshaker() { Stop(); }

void Handshaker::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void Handshaker::Stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
  thread_.join();
}

void Handshaker::Loop() {
  pthread_setname_np(pthread_self(), "handshake");
  LowerPriority();
  OpenDoors();
  epoll_event events[kMaxEvents];
  while (!stopping_.load(std::memory_order_acquire)) {
    const int count =
        epoll_wait(epoll_.get(), events, kMaxEvents, timers_.TimeoutMs(now_.steady_us));
    now_ = clock_.Now();
    for (const auto& door : doors_) door->Refresh();
    for (int i = 0; i < count; ++i) {
      auto* const watched = static_cast<Watched*>(events[i].data.ptr);
      if (watched == nullptr) continue;  // the eventfd
      if (watched->is_door) {
        Accept(static_cast<Door*>(watched));
      } else {
        Advance(static_cast<Handshake*>(watched), events[i].events);
      }
    }
    timers_.Advance(now_.steady_us);
    done_.clear();
    OpenDoors();
  }
  for (const auto& door : doors_) CloseDoor(door.get());
  handshakes_.clear();
}

void Handshaker::OpenDoors() {
  if (accept_pause_->armed()) return;
  for (const auto& door : doors_) {
    if (door->open || door->in_flight >= door->limit) continue;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLEXCLUSIVE;
    event.data.ptr = static_cast<Watched*>(door.get());
    door->open = epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, door->listener->fd(), &event) == 0;
  }
}

void Handshaker::CloseDoor(Door* door) {
  if (!door->open) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, door->listener->fd(), nullptr);
  door->open = false;
}

void Handshaker::Accept(Door* door) {
  for (int i = 0; i < kMaxAcceptsATurn; ++i) {
    if (door->in_flight >= door->limit) {
      CloseDoor(door);  // the others wait in the kernel's queue, which is bounded too
      return;
    }
    if (!AcceptOne(door)) return;
  }
}

bool Handshaker::AcceptOne(Door* door) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  UniqueFd socket(accept4(door->listener->fd(), reinterpret_cast<sockaddr*>(&peer), &size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) {
    const int error = errno;
    if (error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS)
      OutOfDescriptors(door, error);
    // These are the newcomer's own: it went away while it waited.
    return error == ECONNABORTED || error == EINTR;
  }
  counters_.accepted.Add();
  std::string address = FormatAddress(peer);
  if (door->listener->full()) {
    CountRefusal(tls::Refusal::kTooMany, *door, address, {},
                 fmt::format("{} connections", door->options->limits.connections));
    return true;
  }
  Begin(door, std::move(socket), std::move(address));
  return true;
}

// The kernel keeps announcing a connection that cannot be accepted. With the descriptor in reserve
// it is accepted and closed, so that the peer is told at once; then the doors stay closed for a
// moment.
void Handshaker::OutOfDescriptors(Door* door, int error) {
  counters_.accept_failures.Add();
  if (accept_log_limit_.Admit(now_.steady_us)) {
    operate::Log(operate::LogLevel::kError, "accept_failed",
                 "cannot accept connections: raise the limit of open files (LimitNOFILE) or lower "
                 "limits.connections",
                 {{"listener", door->listener->address()}, {"error", std::strerror(error)}});
  }
  reserve_.Reset();
  UniqueFd(accept4(door->listener->fd(), nullptr, nullptr, SOCK_CLOEXEC)).Reset();
  reserve_ = UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const auto& each : doors_) CloseDoor(each.get());
  timers_.Arm(accept_pause_.get(), now_.steady_us + kAcceptPauseUs);
}

void Handshaker::Begin(Door* door, UniqueFd socket, std::string address) {
  const ListenerOptions& options = *door->options;
  const int fd = socket.get();
  std::unique_ptr<TlsStream> stream = TlsStream::Create(std::move(socket), options.tls->NewSsl());
  if (stream == nullptr) {
    counters_.accept_failures.Add();
    return;
  }
  stream->Attach(&scratch_);
  const int64_t deadline_us =
      now_.steady_us + std::chrono::microseconds(options.limits.connect_deadline).count();
  auto handshake =
      std::make_unique<Handshake>(this, door, std::move(stream), std::move(address), deadline_us);
  Handshake* const key = handshake.get();
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = static_cast<Watched*>(key);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    counters_.accept_failures.Add();
    return;
  }
  SSL_set_app_data(key->stream->ssl(), key);
  SSL_set_verify(key->stream->ssl(), SSL_get_verify_mode(key->stream->ssl()), PeerCheck::Verify);
  timers_.Arm(key, deadline_us);
  ++door->in_flight;
  counters_.in_flight.Add();
  handshakes_.emplace(key, std::move(handshake));
  // Nothing is read yet: EPOLLOUT makes the first event come by itself.
}

void Handshaker::Advance(Handshake* handshake, uint32_t events) {
  if (handshake->stream == nullptr) return;  // over since an earlier event of this turn
  TlsStream& stream = *handshake->stream;
  // After a short recv() there is nothing more, except the end, of which no other event will tell.
  const bool finished = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  bool drained = false;
  do {
    if (stream.unsent() > 0 && stream.Flush() == TlsStream::Status::kFailed) {
      return Refuse(handshake, tls::Refusal::kClosed, {}, {});
    }
    const TlsStream::Status received = stream.Receive(kReceiveBytes, &drained);
    if (received == TlsStream::Status::kAgain) return;
    if (received != TlsStream::Status::kOk) return Refuse(handshake, tls::Refusal::kClosed, {}, {});
    tls::Refusal refusal = tls::Refusal::kNone;
    std::string detail;
    const TlsStream::Status status = stream.Accept(&refusal, &detail);
    if (!handshake->identity.ok()) return RefuseIdentity(handshake);
    if (status == TlsStream::Status::kFailed) return Refuse(handshake, refusal, {}, detail);
    if (stream.Flush() == TlsStream::Status::kFailed)
      return Refuse(handshake, tls::Refusal::kClosed, {}, {});
    if (status == TlsStream::Status::kOk) return Finish(handshake);
  } while (!drained || finished);
}

void Handshaker::Finish(Handshake* handshake) {
  TlsStream& stream = *handshake->stream;
  // Again, because a resumed handshake verifies no chain; its session carries the certificate.
  const X509* certificate = SSL_get0_peer_certificate(stream.ssl());
  if (certificate == nullptr) return Refuse(handshake, tls::Refusal::kNoCertificate, {}, {});
  if (!handshake->TakeIdentity(*certificate)) return RefuseIdentity(handshake);
  tls::Identity& identity = handshake->identity;
  Listener* const listener = handshake->door->listener;
  if (!listener->TakePlace()) {
    return Refuse(handshake, tls::Refusal::kTooMany, identity.name,
                  fmt::format("{} connections", handshake->options->limits.connections));
  }
  counters_.completed.Add();
  if (SSL_session_reused(stream.ssl()) == 1) counters_.resumed.Add();
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, stream.fd(), nullptr);
  SSL_set_app_data(stream.ssl(), nullptr);
  stream.KeepInput();
  stream.Attach(nullptr);
  hand_over_(Arrival{std::move(handshake->stream), listener, handshake->options,
                     std::move(identity.name), handshake->address, handshake->deadline_us});
  Remove(handshake);
}

void Handshaker::RefuseIdentity(Handshake* handshake) {
  Refuse(handshake, tls::Refusal::kBadIdentity, handshake->identity.name,
         fmt::format("the identity in its {} {}", tls::Describe(identity_),
                     tls::Describe(handshake->identity.fault)));
}

void Handshaker::Refuse(Handshake* handshake, tls::Refusal refusal, std::string_view identity,
                        std::string_view detail) {
  if (handshake->stream == nullptr) return;
  CountRefusal(refusal, *handshake->door, handshake->address, identity, detail);
  handshake->stream->Shutdown();
  UniqueFd socket = handshake->stream->TakeSocket();
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.get(), nullptr);
  if (refusal != tls::Refusal::kClosed) lingering_.Add(std::move(socket), now_.steady_us);
  handshake->stream.reset();
  Remove(handshake);
}

void Handshaker::CountRefusal(tls::Refusal refusal, const Door& door, std::string_view address,
                              std::string_view identity, std::string_view detail) {
  counters_.refused[static_cast<size_t>(refusal)].Add();
  operate::LogLimiter& limit = log_limits_[static_cast<size_t>(refusal)];
  if (!limit.Admit(now_.steady_us)) return;
  operate::Log(
      operate::LogLevel::kWarning, "connection_refused",
      fmt::format("refused a connection: {}; {}", tls::Describe(refusal), tls::Advice(refusal)),
      {{"reason", tls::Label(refusal)},
       {"address", address},
       {"identity", identity},
       {"listener", door.listener->address()},
       {"detail", detail},
       {"suppressed", std::to_string(limit.TakeSuppressed())}});
}

void Handshaker::Remove(Handshake* handshake) {
  TimerWheel::Cancel(handshake);
  --handshake->door->in_flight;
  counters_.in_flight.Subtract();
  const auto at = handshakes_.find(handshake);
  assert(at != handshakes_.end());
  done_.push_back(std::move(at->second));
  handshakes_.erase(at);
}

}  // namespace sluice::server
