// One thread's devices: an epoll loop with timers.
//
// Everything runs on the thread that calls Run(); what loops share is in FleetShared.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <utility>
#include <vector>

#include "gateway/simulate/device.h"
#include "gateway/simulate/fleet.h"
#include "gateway/simulate/tally.h"

namespace sluice::simulate {

struct FleetShared {
  const std::atomic<bool>& stop;
  FleetProgress& progress;
  uint64_t devices = 0;            // of all loops
  std::atomic<uint64_t> ready{0};  // devices that have been connected
  std::atomic<int64_t> began_us{
      kNever};  // when the traffic began; set once, by whichever loop sees it first
};

class FleetLoop {
 public:
  FleetLoop(std::vector<DevicePlan> plans, const Device::Surroundings& surroundings,
            const FleetOptions& options, FleetShared& shared);
  ~FleetLoop();
  FleetLoop(const FleetLoop&) = delete;
  FleetLoop& operator=(const FleetLoop&) = delete;

  // Returns when everything has been answered, or patience ran out.
  void Run();
  // After Run().
  const Tally& tally() const { return tally_; }

 private:
  // What the loop knows of a device beside the device itself.
  struct Entry {
    std::unique_ptr<Device> device;
    int64_t timer_us = kNever;  // of the newest entry in timers_; older ones are void
    int watched_fd = -1;
    bool watched_for_writing = false;
    bool runnable = false;
    bool attempted = false;  // its first attempt to connect has ended, one way or the other
    bool was_connected = false;
    bool ever_connected = false;
  };
  using Timer = std::pair<int64_t, uint32_t>;

  int64_t PatienceUs() const;
  void StopSending();
  void Turn();
  void StartConnecting();
  void BeginTraffic();
  void HandleEvents(int64_t timeout_us);
  void FireTimers();
  void PumpRunnable();
  void MakeRunnable(uint32_t index);
  // To be called after every use of a device: notes what changed. `alive`: it has a link.
  void AfterUse(uint32_t index, bool alive);
  void SetTimer(uint32_t index);
  void CountConnections(Entry& entry, bool alive);
  void Watch(uint32_t index);
  int64_t TimeoutUs() const;
  void ReportProgress();
  bool AllDone();
  void SayGoodbye();
  void CountLeftovers();

  Device::Surroundings surroundings_;
  FleetOptions options_;
  FleetShared& shared_;
  Tally tally_;
  std::vector<Entry> entries_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::vector<uint32_t> runnable_;
  std::vector<uint32_t> running_;  // the runnable of this turn
  int epoll_;
  int64_t now_us_ = 0;
  int64_t started_us_ = 0;
  int64_t last_progress_us_ = 0;
  uint64_t last_progress_ = 0;
  size_t next_to_connect_ = 0;
  size_t connecting_ = 0;  // first attempts under way
  size_t connected_ = 0;
  size_t done_ = 0;  // so many devices, from the front, have nothing left to do
  bool traffic_seen_ = false;
  bool stopping_ = false;
  // What of this loop stands in shared_.progress.
  struct {
    uint64_t connected = 0;
    uint64_t sent = 0;
    uint64_t acknowledged = 0;
    uint64_t refused = 0;
  } reported_;
};

}  // namespace sluice::simulate
