#include "gateway/server/timer_wheel.h"

#include <algorithm>

namespace sluice::server {

void TimerWheel::Head::Clear() { prev_ = next_ = this; }

bool TimerWheel::Head::empty() const { return next_ == this; }

Timer* TimerWheel::Head::front() { return next_; }

void TimerWheel::Head::PushBack(Timer* timer) {
  timer->prev_ = prev_;
  timer->next_ = this;
  prev_->next_ = timer;
  prev_ = timer;
}

void TimerWheel::Head::TakeAll(Head* other) {
  if (other->empty()) return;
  next_ = other->next_;
  prev_ = other->prev_;
  next_->prev_ = this;
  prev_->next_ = this;
  other->Clear();
}

TimerWheel::TimerWheel(int64_t now_us) : tick_(now_us / kTickUs) {}

void TimerWheel::Arm(Timer* timer, int64_t deadline_us) {
  timer->Unlink();
  timer->deadline_us_ = deadline_us;
  // The tick at which the deadline has passed; at least the next one to be looked at.
  const int64_t tick = std::max((deadline_us + kTickUs - 1) / kTickUs, tick_);
  SlotOf(tick).PushBack(timer);
  next_tick_ = std::min(next_tick_, tick);
}

void TimerWheel::FireSlot(int64_t tick, int64_t now_us) {
  // Taken out first: a callback may arm a timer into this very slot.
  Head due;
  due.TakeAll(&SlotOf(tick));
  while (!due.empty()) {
    Timer* timer = due.front();
    timer->Unlink();
    if (timer->deadline_us_ <= now_us) {
      timer->OnTimer(now_us);
    } else {
      SlotOf(tick).PushBack(timer);
    }
  }
}

void TimerWheel::Advance(int64_t now_us) {
  const int64_t last = now_us / kTickUs;
  if (last < next_tick_) {
    tick_ = std::max(tick_, last);
    return;
  }
  // After a long jump every slot is looked at once.
  const int64_t first = std::max(tick_, last - static_cast<int64_t>(kSlots) + 1);
  next_tick_ = kNone;
  tick_ = last + 1;  // what a callback arms is for the ticks to come
  for (int64_t tick = first; tick <= last; ++tick) FireSlot(tick, now_us);
  for (int64_t tick = tick_; tick < tick_ + static_cast<int64_t>(kSlots); ++tick) {
    if (SlotOf(tick).empty()) continue;
    next_tick_ = std::min(next_tick_, tick);
    break;
  }
}

int TimerWheel::TimeoutMs(int64_t now_us) {
  if (next_tick_ == kNone) return -1;
  const int64_t wait_us = next_tick_ * kTickUs - now_us;
  return wait_us <= 0 ? 0 : static_cast<int>(wait_us / 1000 + 1);
}

}  // namespace sluice::server
