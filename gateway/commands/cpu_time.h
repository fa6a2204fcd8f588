// How long the calling thread has run: what else a machine does meanwhile does not count.
#pragma once

#include <time.h>

namespace sluice::commands {

// A system call, some 0.2 µs: not for single messages.
inline double CpuSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace sluice::commands
