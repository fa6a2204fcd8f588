#include "gateway/simulate/fleet_loop.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <ctime>
#include <string>
#include <utility>

namespace sluice::simulate {
namespace {

constexpr size_t kHandshakesAtOnce = 64;  // fewer than a listener's backlog
constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kGatherUs =
    10 * kSecondUs;  // how long the traffic waits for devices that do not get through
constexpr int64_t kGoodbyeUs = 5 * kSecondUs;  // how long the server may take to close
constexpr int64_t kLongestWaitUs = 100'000;    // so that `stop` is seen
constexpr int64_t kWaitForOthersUs = 2'000;    // so that the beginning is seen

int64_t SteadyNow() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

FleetLoop::FleetLoop(std::vector<DevicePlan> plans, const Device::Surroundings& surroundings,
                     const FleetOptions& options, FleetShared& shared)
    : surroundings_(surroundings),
      options_(options),
      shared_(shared),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  assert(epoll_ >= 0);
  entries_.reserve(plans.size());
  for (DevicePlan& plan : plans) {
    const uint64_t seed = options_.seed + std::hash<std::string>()(plan.name);
    entries_.emplace_back().device =
        std::make_unique<Device>(std::move(plan), surroundings_, seed, tally_);
  }
}

FleetLoop::~FleetLoop() { close(epoll_); }

void FleetLoop::Run() {
  now_us_ = started_us_ = last_progress_us_ = SteadyNow();
  while (!AllDone()) {
    if (shared_.stop.load(std::memory_order_relaxed)) StopSending();
    Turn();
    if (now_us_ - last_progress_us_ > PatienceUs()) break;
  }
  const int64_t began_us = shared_.began_us.load();
  if (began_us != kNever) tally_.seconds = static_cast<double>(last_progress_us_ - began_us) * 1e-6;
  CountLeftovers();
  SayGoodbye();
}

int64_t FleetLoop::PatienceUs() const {
  // Where nobody has got through yet, most likely nobody will.
  const auto patience_us = static_cast<int64_t>(options_.patience_s * 1e6);
  const bool is_short = shared_.ready.load() == 0 || stopping_;
  return is_short ? std::min(patience_us, kGatherUs) : patience_us;
}

void FleetLoop::StopSending() {
  if (std::exchange(stopping_, true)) return;
  for (Entry& entry : entries_) entry.device->StopSending();
}

void FleetLoop::Turn() {
  StartConnecting();
  BeginTraffic();
  HandleEvents(TimeoutUs());
  FireTimers();
  PumpRunnable();
  ReportProgress();
}

void FleetLoop::StartConnecting() {
  while (connecting_ < kHandshakesAtOnce && next_to_connect_ < entries_.size()) {
    const auto index = static_cast<uint32_t>(next_to_connect_++);
    ++connecting_;
    AfterUse(index, entries_[index].device->Connect(now_us_));
  }
}

void FleetLoop::BeginTraffic() {
  if (shared_.began_us.load(std::memory_order_relaxed) != kNever) return;
  const uint64_t ready = shared_.ready.load();
  if (ready < shared_.devices && (ready == 0 || now_us_ - started_us_ < kGatherUs)) return;
  int64_t expected = kNever;
  shared_.began_us.compare_exchange_strong(expected, now_us_);
}

int64_t FleetLoop::TimeoutUs() const {
  if (!runnable_.empty()) return 0;
  if (shared_.began_us.load(std::memory_order_relaxed) == kNever) return kWaitForOthersUs;
  if (!traffic_seen_) return 0;  // nobody has been asked yet when its first message is due
  if (timers_.empty()) return kLongestWaitUs;
  return std::clamp<int64_t>(timers_.top().first - now_us_, 0, kLongestWaitUs);
}

void FleetLoop::HandleEvents(int64_t timeout_us) {
  std::array<epoll_event, 1024> events;
  // Not epoll_wait: its milliseconds would show in the latencies.
  const timespec timeout = {timeout_us / kSecondUs, timeout_us % kSecondUs * 1000};
  const int count =
      epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  now_us_ = SteadyNow();
  for (int i = 0; i < count; ++i) {
    const auto index = events[static_cast<size_t>(i)].data.u32;
    AfterUse(index,
             entries_[index].device->OnReady(events[static_cast<size_t>(i)].events, now_us_));
    MakeRunnable(index);
  }
}

void FleetLoop::FireTimers() {
  while (!timers_.empty() && timers_.top().first <= now_us_) {
    const auto [due_us, index] = timers_.top();
    timers_.pop();
    if (entries_[index].timer_us != due_us) continue;
    entries_[index].timer_us = kNever;
    MakeRunnable(index);
  }
}

void FleetLoop::MakeRunnable(uint32_t index) {
  if (std::exchange(entries_[index].runnable, true)) return;
  runnable_.push_back(index);
}

// Once the traffic begins every device has to be asked when its first message is due.
void FleetLoop::PumpRunnable() {
  const int64_t began_us = shared_.began_us.load(std::memory_order_relaxed);
  if (began_us != kNever && !std::exchange(traffic_seen_, true)) {
    for (uint32_t index = 0; index < entries_.size(); ++index) MakeRunnable(index);
  }
  running_.swap(runnable_);
  for (const uint32_t index : running_) {
    Entry& entry = entries_[index];
    entry.runnable = false;
    if (entry.device->fd() >= 0) {
      AfterUse(index, entry.device->Pump(now_us_, began_us));
    } else if (entry.device->wake_us() <= now_us_) {
      AfterUse(index, entry.device->Connect(now_us_));
    } else {
      SetTimer(index);  // woken for what was due before the link was lost
    }
    if (entry.device->has_more() && !entry.device->blocked()) MakeRunnable(index);
  }
  running_.clear();
}

void FleetLoop::AfterUse(uint32_t index, bool alive) {
  Entry& entry = entries_[index];
  CountConnections(entry, alive);
  if (alive) {
    Watch(index);
  } else {
    entry.watched_fd = -1;  // closing took it out of epoll
  }
  SetTimer(index);
}

void FleetLoop::SetTimer(uint32_t index) {
  Entry& entry = entries_[index];
  const int64_t wake_us = entry.device->wake_us();
  if (wake_us >= entry.timer_us) return;
  entry.timer_us = wake_us;
  timers_.emplace(wake_us, index);
}

void FleetLoop::CountConnections(Entry& entry, bool alive) {
  const bool connected = entry.device->connected();
  if (connected && !entry.was_connected) ++connected_;
  if (!connected && entry.was_connected) --connected_;
  entry.was_connected = connected;
  // A device that is refused frees its place too, or a few of them would keep all others out.
  if (!entry.attempted && (connected || !alive)) {
    entry.attempted = true;
    --connecting_;
  }
  if (connected && !std::exchange(entry.ever_connected, true)) shared_.ready.fetch_add(1);
}

void FleetLoop::Watch(uint32_t index) {
  Entry& entry = entries_[index];
  const int fd = entry.device->fd();
  const bool blocked = entry.device->blocked();
  if (fd == entry.watched_fd && blocked == entry.watched_for_writing) return;
  epoll_event event{};
  event.events = blocked ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u32 = index;
  epoll_ctl(epoll_, fd == entry.watched_fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  entry.watched_fd = fd;
  entry.watched_for_writing = blocked;
}

void FleetLoop::ReportProgress() {
  const auto move = [](std::atomic<uint64_t>& total, uint64_t& reported, uint64_t now) {
    if (now == reported) return;
    total.fetch_add(now - reported, std::memory_order_relaxed);
    reported = now;
  };
  move(shared_.progress.connected, reported_.connected, connected_);
  move(shared_.progress.sent, reported_.sent, tally_.sent);
  move(shared_.progress.acknowledged, reported_.acknowledged, tally_.acknowledged);
  move(shared_.progress.refused, reported_.refused, tally_.refused + tally_.refused_locally);
  const uint64_t progress = tally_.sent + tally_.acknowledged + tally_.refused +
                            tally_.refused_locally + tally_.connected;
  if (progress != last_progress_) {
    last_progress_ = progress;
    last_progress_us_ = now_us_;
  }
}

bool FleetLoop::AllDone() {
  const int64_t began_us = shared_.began_us.load(std::memory_order_relaxed);
  if (began_us == kNever) return stopping_;
  // Devices that are done stay done: each is asked again only until it is.
  while (done_ < entries_.size() && entries_[done_].device->done(now_us_, began_us)) ++done_;
  return done_ == entries_.size();
}

void FleetLoop::CountLeftovers() {
  const int64_t began_us = shared_.began_us.load();
  for (const Entry& entry : entries_) {
    tally_.waiting += entry.device->unsettled();
    if (!stopping_) tally_.unsent += entry.device->unsent(now_us_, began_us);
  }
}

void FleetLoop::SayGoodbye() {
  for (Entry& entry : entries_) entry.device->Finish();
  const int64_t until_us = SteadyNow() + kGoodbyeUs;
  const auto is_open = [](const Entry& entry) { return entry.device->fd() >= 0; };
  while (now_us_ < until_us && std::any_of(entries_.begin(), entries_.end(), is_open))
    HandleEvents(kLongestWaitUs);
}

}  // namespace sluice::simulate
