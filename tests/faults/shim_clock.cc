// The wall clock of a program under faults: CLOCK_REALTIME is off by as much as shim.h says.
//
// The steady clock is left alone, as by a real step of the clock. Waits until a time of the wall
// clock are shifted back before the kernel sees them: it does not know of our offset.
#include <pthread.h>
#include <semaphore.h>
#include <sys/time.h>
#include <time.h>

#include <cstdint>

#include "tests/faults/shim.h"

namespace {

using sluice::faults::Real;
using sluice::faults::SharedState;

constexpr int64_t kMicro = 1'000'000;
// Absolute times below it are of the steady clock: no machine has been up for so many seconds.
constexpr time_t kSecondsUp = 500'000'000;
// What a condition variable waits for exists in two versions; this is the one of our days.
constexpr char kConditionVersion[] = "GLIBC_2.3.2";

timespec Shifted(const timespec& time, int64_t micros) {
  const int64_t nanos = time.tv_nsec + micros % kMicro * 1000;
  timespec shifted = {};
  shifted.tv_sec = time.tv_sec + micros / kMicro;
  shifted.tv_nsec = nanos;
  if (nanos < 0) {
    --shifted.tv_sec;
    shifted.tv_nsec += kMicro * 1000;
  } else if (nanos >= kMicro * 1000) {
    ++shifted.tv_sec;
    shifted.tv_nsec -= kMicro * 1000;
  }
  return shifted;
}

bool IsWall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

// A deadline of the wall clock, as the kernel's own clock has it.
timespec ForKernel(const timespec& deadline) {
  return Shifted(deadline, -SharedState().clock_offset_us);
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto real = Real<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = real(clock, time);
  if (result == 0 && IsWall(clock)) *time = Shifted(*time, SharedState().clock_offset_us);
  return result;
}

int gettimeofday(timeval* now, void*) noexcept {
  timespec time = {};
  if (clock_gettime(CLOCK_REALTIME, &time) != 0) return -1;
  *now = {time.tv_sec, time.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* into) noexcept {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* deadline) {
  static const auto real = Real<int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*)>(
      "pthread_cond_timedwait", kConditionVersion);
  const timespec shifted = deadline->tv_sec < kSecondsUp ? *deadline : ForKernel(*deadline);
  return real(condition, mutex, &shifted);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* deadline) {
  static const auto real =
      Real<int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
          "pthread_cond_clockwait");
  const timespec shifted = IsWall(clock) ? ForKernel(*deadline) : *deadline;
  return real(condition, mutex, clock, &shifted);
}

int sem_timedwait(sem_t* semaphore, const timespec* deadline) {
  static const auto real = Real<int (*)(sem_t*, const timespec*)>("sem_timedwait");
  const timespec shifted = ForKernel(*deadline);
  return real(semaphore, &shifted);
}

}  // extern "C"
