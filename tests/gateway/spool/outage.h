// A long outage, played on a real spool with a clock of its own: records come in while nobody takes
// them, then a consumer drains the backlog while records go on coming in.
//
// Every record is accounted for: delivered once, or counted as dropped. A day takes minutes, since
// only the disk is waited for.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace sluice::spool {

struct OutagePlan {
  std::string folder;
  uint64_t max_bytes = uint64_t{1} << 30;
  uint64_t max_memory = 64 << 20;
  std::chrono::seconds away{86'400};
  uint32_t rate = 2'000;  // records a second, before and after
  uint32_t commits_a_second = 4;
  size_t body_bytes = 200;
  uint32_t drain_factor = 20;  // times the rate: what the far side takes
  std::chrono::milliseconds round_trip{20};
};

struct OutageResult {
  uint64_t accepted = 0;
  uint64_t delivered = 0;
  uint64_t dropped = 0;                      // as the spool counts them
  uint64_t again = 0;                        // delivered more than once
  uint64_t backlog = 0;                      // waited when the far side came back
  uint64_t max_used = 0;                     // bytes, as max_bytes counts them
  uint64_t max_disk = 0;                     // bytes of all files
  std::chrono::milliseconds drained_in{0};   // of the clock that is played
  std::chrono::milliseconds oldest_live{0};  // from acceptance to the far side's acknowledgement

  bool Complete() const { return again == 0 && delivered + dropped == accepted; }
};

absl::StatusOr<OutageResult> PlayOutage(const OutagePlan& plan);

}  // namespace sluice::spool
