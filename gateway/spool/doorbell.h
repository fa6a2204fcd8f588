// Wakes one sleeping thread from many others: rung often, answered once.
//
// Ring() of a bell that is already rung costs one atomic exchange, so producers may ring after
// every batch. Only one thread waits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sluice::spool {

class Doorbell {
 public:
  void Ring() {
    if (rung_.exchange(true, std::memory_order_acq_rel)) return;
    // Once through the mutex, or the waiter could look, be overtaken, and then sleep through the
    // ring. Not under it: the waiter would wake only to wait for it.
    { std::lock_guard lock(mutex_); }
    bell_.notify_one();
  }

  // Returns when rung since the last return, or at `deadline`. What was published before the ring
  // is visible then: look at the sources after, not before.
  void WaitUntil(std::chrono::steady_clock::time_point deadline) {
    if (!rung_.load(std::memory_order_acquire)) {
      std::unique_lock lock(mutex_);
      bell_.wait_until(lock, deadline, [this] { return rung_.load(std::memory_order_acquire); });
    }
    rung_.exchange(false, std::memory_order_acq_rel);
  }

 private:
  std::atomic<bool> rung_{false};
  std::mutex mutex_;
  std::condition_variable bell_;
};

}  // namespace sluice::spool
