#include "gateway/server/clock.h"

#include <ctime>

namespace sluice::server {
namespace {

int64_t ReadUs(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

class SystemClock final : public Clock {
 public:
  Time Now() const override { return {ReadUs(CLOCK_MONOTONIC), ReadUs(CLOCK_REALTIME)}; }
};

}  // namespace

const Clock& Clock::System() {
  static const SystemClock clock;
  return clock;
}

}  // namespace sluice::server
