#include "gateway/server/worker.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

namespace sluice::server {
namespace {

constexpr int kMaxEvents = 512;
// For peers to read a last packet when the thread ends.
constexpr int kGoodbyeMs = 250;
// What a burst made the inbox's arrays grow to is given back beyond this.
constexpr size_t kKeptTickets = size_t{16} * 1024;

}  // namespace

void Worker::Inbox::Clear() {
  arrivals.clear();
  tasks.clear();
  if (settled.capacity() > kKeptTickets) {
    settled = {};
  } else {
    settled.clear();
  }
}

Worker::Worker(uint16_t index, const ServerOptions& options, PublishSink& sink, const Clock& clock)
    : clock_(clock),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      state_(index, options, sink, clock.Now()) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event);
}

Worker::~Worker() { Stop(); }

void Worker::Start() {
  thread_ = std::thread([this] { Loop(); });
}

// The eventfd is written after the lock was given back: the write may put the worker on this very
// processor at once, which would then wait for a lock of ours, and a handshake thread, at the
// lowest priority, may take long to get there and release it.
template <typename Put>
void Worker::Bring(const Put& put) {
  bool wake = false;
  {
    const MutexLock lock(&inbox_mutex_);
    put(&inbox_);
    wake = !woken_ && asleep_.load(std::memory_order_relaxed);
    woken_ = woken_ || wake;
  }
  if (!wake) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
}

void Worker::Adopt(Arrival arrival) {
  Bring([&](Inbox* inbox) { inbox->arrivals.push_back(std::move(arrival)); });
}

void Worker::Settle(std::span<const session::AckTicket> tickets) {
  Bring([&](Inbox* inbox) {
    inbox->settled.insert(inbox->settled.end(), tickets.begin(), tickets.end());
  });
}

void Worker::Post(std::function<void()> task) {
  Bring([&](Inbox* inbox) { inbox->tasks.push_back(std::move(task)); });
}

void Worker::Wake() {
  Post([] {});
}

void Worker::Resume() {
  Post([this] { ResumeHere(); });
}

void Worker::Kick(std::string identity, std::function<void(size_t)> done) {
  Post(
      [this, identity = std::move(identity), done = std::move(done)] { done(KickHere(identity)); });
}

void Worker::BeginDrain(std::function<void()> on_settled) {
  Post([this, on_settled = std::move(on_settled)] {
    state_.draining = true;
    on_settled_ = on_settled;
  });
}

void Worker::BeginStop() {
  Post([this] { stopping_ = true; });
}

void Worker::Stop() {
  if (!thread_.joinable()) return;
  BeginStop();
  thread_.join();
}

void Worker::Loop() {
  pthread_setname_np(pthread_self(), ("worker-" + std::to_string(state_.index)).c_str());
  while (!stopping_) Turn();
  CloseAll();
}

void Worker::Turn() {
  Wait();
  ReadAll();
  state_.sink.EndOfTurn(state_.now.wall_us);
  EmptyInbox();
  state_.timers.Advance(state_.now.steady_us);
  WriteAll();
  BuryClosed();
  if (on_settled_ != nullptr) ReportIfSettled();
  const int64_t now_s = state_.now.steady_us / 1'000'000;
  if (now_s != expired_s_) state_.sessions.Expire(now_s);
  expired_s_ = now_s;
  state_.counters.turns.Add();
}

// Until the first of its timers and its sink's wants a turn; -1: neither does.
int Worker::TimeoutMs() {
  const int timers_ms = state_.timers.TimeoutMs(state_.now.steady_us);
  const int64_t next_us = state_.sink.NextTurnUs();
  if (next_us == PublishSink::kNever) return timers_ms;
  // The computer's clock may be set meanwhile: look again now and then.
  constexpr int64_t kMaxMs = 1000;
  const int64_t wait_us = next_us - state_.now.wall_us;
  const auto sink_ms =
      static_cast<int>(wait_us <= 0 ? 0 : std::min(wait_us, kMaxMs * 1000 - 1) / 1000 + 1);
  return timers_ms < 0 ? sink_ms : std::min(timers_ms, sink_ms);
}

void Worker::Wait() {
  const bool idle = state_.to_read.empty() && asleep_.load(std::memory_order_relaxed);
  const int timeout_ms = idle ? TimeoutMs() : 0;
  epoll_event events[kMaxEvents];
  const int count = epoll_wait(epoll_.get(), events, kMaxEvents, timeout_ms);
  asleep_.store(false, std::memory_order_relaxed);
  state_.now = clock_.Now();
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr == nullptr) continue;  // the eventfd
    static_cast<Connection*>(events[i].data.ptr)->OnEvents(events[i].events);
  }
}

void Worker::ReadAll() {
  reading_.swap(state_.to_read);
  for (Connection* connection : reading_) connection->ReadTurn();
  reading_.clear();
}

// One look a turn, whatever the number of threads that brought something.
void Worker::EmptyInbox() {
  {
    const MutexLock lock(&inbox_mutex_);
    std::swap(taken_, inbox_);
    woken_ = false;
    if (taken_.empty()) asleep_.store(true, std::memory_order_relaxed);
  }
  SettleHere(taken_.settled);
  for (Arrival& arrival : taken_.arrivals) AdoptHere(std::move(arrival));
  for (const std::function<void()>& task : taken_.tasks) task();
  taken_.Clear();
}

void Worker::AdoptHere(Arrival arrival) {
  const int fd = arrival.stream->fd();
  auto connection = std::make_unique<Connection>(&state_, std::move(arrival));
  epoll_event event{};
  // All that will ever be asked, once: edges are remembered by the connection.
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = connection.get();
  const bool added = epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  connection->index = connections_.size();
  connections_.push_back(std::move(connection));
  if (!added) connections_.back()->Close(CloseReason::kTransport, "epoll");
}

void Worker::SettleHere(std::span<const session::AckTicket> tickets) {
  state_.sessions.Settle(tickets, [this](uint32_t session) {
    Connection* const connection = state_.owners[session];
    assert(connection != nullptr);
    connection->Acknowledge();
  });
}

void Worker::ResumeHere() {
  std::vector<Connection*> waiting;
  waiting.swap(state_.waiting_for_room);
  for (Connection* connection : waiting) connection->OnRoom();
}

// Rare enough to look at all of them.
size_t Worker::KickHere(const std::string& identity) {
  const uint64_t before = state_.counters.closed[static_cast<size_t>(CloseReason::kKicked)].Get();
  for (const auto& connection : connections_) {
    if (connection->identity() == identity) connection->Close(CloseReason::kKicked);
  }
  return state_.counters.closed[static_cast<size_t>(CloseReason::kKicked)].Get() - before;
}

void Worker::WriteAll() {
  for (size_t i = 0; i < state_.with_output.size(); ++i) state_.with_output[i]->WriteTurn();
  state_.with_output.clear();
}

void Worker::BuryClosed() {
  for (Connection* connection : state_.closed) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connection->fd(), nullptr);
    connection->Finish();
    const size_t index = connection->index;
    assert(connections_[index].get() == connection);
    if (index + 1 < connections_.size()) {
      std::swap(connections_[index], connections_.back());
      connections_[index]->index = index;
    }
    connections_.pop_back();
  }
  state_.closed.clear();
}

void Worker::ReportIfSettled() {
  for (const auto& connection : connections_) {
    if (connection->unsettled() > 0) return;
  }
  on_settled_();
  on_settled_ = nullptr;
}

void Worker::CloseAll() {
  for (const auto& connection : connections_) connection->Close(CloseReason::kShutdown);
  WriteAll();
  BuryClosed();
  state_.lingering.WaitForPeers(kGoodbyeMs);
}

}  // namespace sluice::server
