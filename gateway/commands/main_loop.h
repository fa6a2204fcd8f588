// The main thread while the gateway runs: waits for signals, and does what other threads ask it to.
//
// Made before any other thread, since it blocks the signals for all that are made later.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/server/mutex.h"
#include "gateway/server/unique_fd.h"

namespace sluice::commands {

class MainLoop {
 public:
  MainLoop();

  // From any thread: runs `task` inside Wait(), in order. What is still waiting when that ends is
  // not run.
  void Post(std::function<void()> task) ABSL_LOCKS_EXCLUDED(mutex_);
  // From any thread: ends Wait(), after the tasks before it. `why` is said in the log.
  void End(std::string why);

  // Until SIGTERM, SIGINT or End(): returns why. `reload` is SIGHUP.
  std::string Wait(const std::function<void()>& reload);
  // Whether a signal waits that will end Wait(): for what may take long before it.
  static bool IsEndAsked();
  // From now on a signal ends the process at once.
  void LetSignalsKill();

 private:
  void RunTasks() ABSL_LOCKS_EXCLUDED(mutex_);
  // 0 if none is there.
  int NextSignal();

  server::UniqueFd signals_;
  server::UniqueFd wake_;
  std::string end_;  // why; empty: go on
  server::Mutex mutex_;
  std::vector<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace sluice::commands
