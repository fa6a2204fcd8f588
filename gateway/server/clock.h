// The time, as a loop reads it once a turn. Tests bring their own.
#pragma once

#include <cstdint>

namespace sluice::server {

struct Time {
  int64_t steady_us = 0;  // never goes back: deadlines
  int64_t wall_us = 0;    // since 1970: messages
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;  // thread-safe

  // The computer's own clock; lives for ever.
  static const Clock& System();
};

}  // namespace sluice::server
