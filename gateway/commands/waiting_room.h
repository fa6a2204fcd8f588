// Where records of an output wait: in memory, or with `ack: stored` on the disk.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateway/commands/outputs.h"
#include "gateway/operate/metrics_page.h"
#include "gateway/spool/doorbell.h"
#include "gateway/spool/store.h"

namespace sluice::commands {

class WaitingRoom {
 public:
  virtual ~WaitingRoom() = default;

  virtual spool::Store& store() = 0;
  // Nobody appends or takes any more; `sent`: all that was taken is settled. Whether all is safe.
  virtual bool Close(bool sent) = 0;
  // Empty while all is well.
  virtual std::string Trouble() const = 0;
  virtual void AddMetrics(operate::MetricsPage* page,
                          const operate::MetricsPage::Labels& labels) const = 0;
};

// `bell` outlives it.
absl::StatusOr<std::unique_ptr<WaitingRoom>> MakeWaitingRoom(const config::OutputOptions& options,
                                                             const OutputSurroundings& around,
                                                             OutputEvents events,
                                                             spool::Doorbell& bell);

// What the folder of the gateway's state still has of outputs that `config` does not spool any more
// is an error that names them, or with spool.discard thrown away.
absl::Status CheckAbandonedSpools(const config::Config& config);

// The zeros of a gateway that has no spool: dashboards ask for them.
void AddNoSpoolMetrics(operate::MetricsPage* page);

}  // namespace sluice::commands
