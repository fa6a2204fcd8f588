// Deadlines of many connections: arming, moving and cancelling cost a few pointer writes.
//
// Ticks are coarse (kTickUs): a timer fires at its deadline or up to one tick later, never earlier.
// Nothing is allocated; a Timer is a member or base of what it times and leaves the wheel when it
// dies. Used by one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::server {

class TimerWheel;

class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  virtual ~Timer() { Unlink(); }

  bool armed() const { return next_ != nullptr; }

 protected:
  // May arm, cancel and destroy any timer, this one included.
  virtual void OnTimer(int64_t now_us) = 0;

 private:
  friend class TimerWheel;

  void Unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

  Timer* prev_ = nullptr;
  Timer* next_ = nullptr;
  int64_t deadline_us_ = 0;
};

class TimerWheel {
 public:
  static constexpr int64_t kTickUs = 50'000;

  explicit TimerWheel(int64_t now_us);

  void Arm(Timer* timer, int64_t deadline_us);
  static void Cancel(Timer* timer) { timer->Unlink(); }

  // Fires what is due at `now_us`.
  void Advance(int64_t now_us);

  // Milliseconds from `now_us` to the next tick that has something to look at; -1: nothing armed.
  int TimeoutMs(int64_t now_us);

 private:
  // A timer beyond one revolution stays in its slot and is looked at once a revolution.
  static constexpr size_t kSlots = 1024;
  static constexpr int64_t kNone = INT64_MAX;

  struct Head final : Timer {
    Head() { Clear(); }
    void Clear();
    bool empty() const;
    void PushBack(Timer* timer);
    Timer* front();
    void TakeAll(Head* other);
    void OnTimer(int64_t) override {}
  };

  Head& SlotOf(int64_t tick) { return slots_[static_cast<size_t>(tick) % kSlots]; }
  void FireSlot(int64_t tick, int64_t now_us);

  std::array<Head, kSlots> slots_;
  int64_t tick_;               // all before it have been looked at
  int64_t next_tick_ = kNone;  // no slot before it holds anything due within a revolution
};

}  // namespace sluice::server
