// Thousands of devices on a few threads: connects them, lets the traffic begin once all are up,
// waits for the last acknowledgement, says goodbye.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/simulate/device.h"
#include "gateway/simulate/tally.h"
#include "gateway/simulate/tls_link.h"

namespace sluice::simulate {

struct FleetOptions {
  uint16_t window = 64;  // QoS 1 and 2 messages in flight a device
  unsigned threads = 1;
  double patience_s = 30;  // give up when nothing was sent or answered for so long
  uint64_t seed = 1;       // of the back-off
};

// Counters that move while the run goes on; any thread may read them.
struct FleetProgress {
  std::atomic<uint64_t> connected{0};  // devices that are connected now
  std::atomic<uint64_t> sent{0};
  std::atomic<uint64_t> acknowledged{0};
  std::atomic<uint64_t> refused{0};
};

// Runs the fleet to its end and returns what it counted. Once `stop` is true no new messages go out
// (nor count as unsent), and it ends when those in flight are answered, or after 10 s without an
// answer. Called about once a second, `watch` sees the progress (it may be null). `ca_file`
// verifies the server.
absl::StatusOr<Tally> RunFleet(std::vector<DevicePlan> plans, const Endpoint& endpoint,
                               const std::string& ca_file, const FleetOptions& options,
                               const std::atomic<bool>& stop,
                               const std::function<void(const FleetProgress&)>& watch);

}  // namespace sluice::simulate
