#include "tests/devhub/tier_limits.h"

namespace sluice::devhub {
namespace {

// A second's worth passes at once, a minute's of what is counted by the minute. A send that would
// wait longer than its patience is refused; Azure publishes neither figure.
constexpr int64_t kSendPatienceUs = 10'000'000;
// Section 3: the service may take so long to answer CONNECT while it shapes traffic.
constexpr int64_t kConnectPatienceUs = 60'000'000;
constexpr size_t kMethodStepBytes = 4096;

Throttle PerSecond(double rate, int64_t patience_us) { return Throttle(rate, rate, patience_us); }

}  // namespace

TierLimits::TierLimits(const Tier& tier, uint32_t units)
    : sends_(PerSecond(static_cast<double>(SendsPerSecond(tier, units)), kSendPatienceUs)),
      connects_(PerSecond(static_cast<double>(SendsPerSecond(tier, units)), kConnectPatienceUs)),
      twin_reads_(PerSecond(TwinReadsPerSecond(tier, units), 0)),
      twin_updates_(PerSecond(TwinReadsPerSecond(tier, units) / 2.0, 0)),
      cloud_messages_(tier.cloud_messages_per_minute * units / 60.0,
                      tier.cloud_messages_per_minute * units, 0),
      method_steps_(
          PerSecond(static_cast<double>(size_t{tier.method_kilobytes_per_second} * units * 1024) /
                        kMethodStepBytes,
                    0)) {}

bool TierLimits::TakeMethod(size_t bytes, int64_t now_us) {
  bool passes = true;
  size_t steps = bytes == 0 ? 1 : (bytes + kMethodStepBytes - 1) / kMethodStepBytes;
  for (; steps > 0 && passes; --steps) passes = method_steps_.Take(now_us).has_value();
  return passes;
}

}  // namespace sluice::devhub
