// What a tier lets pass (sheet, section 12). All but the day's quota, which counts blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "tests/devhub/faults.h"
#include "tests/devhub/metering.h"

namespace sluice::devhub {

class TierLimits {
 public:
  TierLimits(const Tier& tier, uint32_t units);

  // How long a send or a CONNECT waits in line; nothing: it is refused.
  std::optional<int64_t> TakeSend(int64_t now_us) { return sends_.Take(now_us); }
  std::optional<int64_t> TakeConnect(int64_t now_us) { return connects_.Take(now_us); }

  // What cannot wait passes or is answered 429.
  bool TakeTwinRead(int64_t now_us) { return twin_reads_.Take(now_us).has_value(); }
  bool TakeTwinUpdate(int64_t now_us) { return twin_updates_.Take(now_us).has_value(); }
  bool TakeCloudMessage(int64_t now_us) { return cloud_messages_.Take(now_us).has_value(); }
  // In steps of 4 KB, at least one.
  bool TakeMethod(size_t bytes, int64_t now_us);

 private:
  Throttle sends_;
  Throttle connects_;
  Throttle twin_reads_;
  Throttle twin_updates_;
  Throttle cloud_messages_;
  Throttle method_steps_;
};

}  // namespace sluice::devhub
