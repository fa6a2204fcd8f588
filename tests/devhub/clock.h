// Both clocks the hub reads, behind an interface so that tests turn the hands.
#pragma once

#include <cstdint>

namespace sluice::devhub {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t UnixMicros() const = 0;    // since 1970: tokens, enqueued times, quotas
  virtual int64_t SteadyMicros() const = 0;  // never steps: keep-alive, deadlines, delays
};

class SystemClock : public Clock {
 public:
  int64_t UnixMicros() const override;
  int64_t SteadyMicros() const override;
};

// 2026-03-10T09:45:00.002Z.
struct UtcText {
  char text[25];
};
UtcText FormatUtc(int64_t unix_us);

}  // namespace sluice::devhub
