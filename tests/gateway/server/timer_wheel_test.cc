#include "gateway/server/timer_wheel.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace sluice::server {
namespace {

constexpr int64_t kTick = TimerWheel::kTickUs;

class Recording final : public Timer {
 public:
  Recording(int name, std::vector<int>* fired) : name_(name), fired_(*fired) {}
  void OnTimer(int64_t) override { fired_.push_back(name_); }

 private:
  int name_;
  std::vector<int>& fired_;
};

TEST(TimerWheelTest, FiresAtTheDeadlineOrWithinATickButNeverBefore) {
  for (const int64_t deadline :
       {int64_t{1}, kTick - 1, kTick, kTick + 1, 30 * kTick, 5000 * kTick, 5000 * kTick + 7}) {
    SCOPED_TRACE(deadline);
    TimerWheel wheel(0);
    std::vector<int> fired;
    Recording timer(1, &fired);
    wheel.Arm(&timer, deadline);
    wheel.Advance(deadline - 1);
    EXPECT_TRUE(fired.empty());
    wheel.Advance(deadline + kTick);
    EXPECT_EQ(fired, std::vector<int>{1});
    EXPECT_FALSE(timer.armed());
  }
}

TEST(TimerWheelTest, FiresAllAfterAJumpOfManyRevolutions) {
  TimerWheel wheel(123);
  std::vector<int> fired;
  Recording near(1, &fired);
  Recording far(2, &fired);
  Recording beyond(3, &fired);
  wheel.Arm(&near, 10 * kTick);
  wheel.Arm(&far, 4000 * kTick);
  wheel.Arm(&beyond, 900'000 * kTick);
  wheel.Advance(100'000 * kTick);
  EXPECT_EQ(fired.size(), 2U);
  EXPECT_TRUE(beyond.armed());
}

TEST(TimerWheelTest, CancellingMovingAndDyingLeaveNothingBehind) {
  TimerWheel wheel(0);
  std::vector<int> fired;
  Recording cancelled(1, &fired);
  Recording moved(2, &fired);
  auto dead = std::make_unique<Recording>(3, &fired);
  wheel.Arm(&cancelled, 2 * kTick);
  wheel.Arm(&moved, 2 * kTick);
  wheel.Arm(dead.get(), 2 * kTick);
  TimerWheel::Cancel(&cancelled);
  wheel.Arm(&moved, 9 * kTick);
  dead.reset();
  wheel.Advance(5 * kTick);
  EXPECT_TRUE(fired.empty());
  wheel.Advance(9 * kTick);
  EXPECT_EQ(fired, std::vector<int>{2});
}

class Repeating final : public Timer {
 public:
  explicit Repeating(TimerWheel* wheel) : wheel_(*wheel) {}
  void OnTimer(int64_t now_us) override {
    ++count;
    wheel_.Arm(this, now_us + kTick);
  }
  int count = 0;

 private:
  TimerWheel& wheel_;
};

TEST(TimerWheelTest, ATimerMayArmItselfAgain) {
  TimerWheel wheel(0);
  Repeating timer(&wheel);
  wheel.Arm(&timer, kTick);
  for (int tick = 1; tick <= 50; ++tick) wheel.Advance(tick * kTick);
  EXPECT_GE(timer.count, 25);
  EXPECT_LE(timer.count, 50);
}

TEST(TimerWheelTest, SaysHowLongToSleep) {
  TimerWheel wheel(0);
  EXPECT_EQ(wheel.TimeoutMs(0), -1);
  std::vector<int> fired;
  Recording timer(1, &fired);
  wheel.Arm(&timer, 20 * kTick);
  const int wait = wheel.TimeoutMs(0);
  EXPECT_GE(wait, 20 * kTick / 1000);
  EXPECT_LE(wait, 21 * kTick / 1000);
  wheel.Advance(21 * kTick);
  EXPECT_EQ(wheel.TimeoutMs(21 * kTick), -1);
}

// A thousand random timers fire each exactly once, in time.
TEST(TimerWheelTest, AgreesWithASortedList) {
  TimerWheel wheel(0);
  std::vector<int> fired;
  std::vector<std::unique_ptr<Recording>> timers;
  std::vector<int64_t> deadlines;
  uint64_t random = 42;
  for (int i = 0; i < 1000; ++i) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    deadlines.push_back(static_cast<int64_t>(random >> 33) % (3000 * kTick));
    timers.push_back(std::make_unique<Recording>(i, &fired));
    wheel.Arm(timers.back().get(), deadlines.back());
  }
  int64_t now = 0;
  size_t seen = 0;
  while (fired.size() < timers.size() && now < 4000 * kTick) {
    now += 7 * kTick / 3;
    wheel.Advance(now);
    for (; seen < fired.size(); ++seen) {
      const int64_t deadline = deadlines[static_cast<size_t>(fired[seen])];
      EXPECT_LE(deadline, now);
      EXPECT_GE(deadline, now - 7 * kTick / 3 - kTick);
    }
  }
  EXPECT_EQ(fired.size(), timers.size());
}

}  // namespace
}  // namespace sluice::server
