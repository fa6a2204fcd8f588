// The outputs of a running gateway, one class a type: what `run` makes, starts, counts and ends.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "config/config.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/edge_module.h"
#include "gateway/operate/metrics_page.h"
#include "gateway/pipeline/output_port.h"
#include "gateway/session/ack_ticket.h"
#include "gateway/spool/doorbell.h"
#include "gateway/spool/rule_names.h"
#include "gateway/uplink/downlink.h"

namespace sluice::commands {

// What an output tells the gateway, on threads of its own.
struct OutputEvents {
  std::function<void(std::span<const session::AckTicket>)> settled;
  std::function<void()> room;  // who was refused may try again
};

class Output {
 public:
  virtual ~Output() = default;

  // A worker's end of it.
  virtual std::unique_ptr<pipeline::OutputPort> NewPort() = 0;
  virtual void Start() = 0;
  // The gateway is about to stop and waits for what was appended: gather no longer.
  virtual void BeginDrain() = 0;
  // No worker appends any more: sends what is there, for `patience` at most, and ends its threads.
  // Whether all of it is safe. The counts remain.
  virtual bool Stop(std::chrono::milliseconds patience) = 0;
  // Empty while all is well; else why it cannot deliver, for /healthz.
  virtual std::string Trouble() const = 0;
  virtual void AddMetrics(operate::MetricsPage* page) const = 0;
};

// What outputs share. The members outlive the call.
struct OutputSurroundings {
  const Connections& connections;  // has that of every iothub output but those by `edge`
  const EdgeModule* edge;          // null where no output is by `edge`
  const config::GatewayOptions& gateway;
  const config::SpoolOptions& spool;
  const std::string& epoch;  // the first half of every message id of this process
  const spool::RuleNames& rule_names;
  // Who listens to the hub of an output, and rings its bell; null: nobody.
  std::function<uplink::Downlink*(const std::string& output, spool::Doorbell& bell)> downlink;
};

absl::StatusOr<std::unique_ptr<Output>> MakeOutput(const config::OutputOptions& options,
                                                   const OutputSurroundings& around,
                                                   OutputEvents events);

// gateway.name, else the host's.
std::string GatewayName(const config::GatewayOptions& gateway);

// Whether it keeps messages on the disk until the far side has them.
bool IsSpooled(const config::OutputOptions& output);

// Where the output of that name keeps messages with ack: stored.
std::string SpoolFolderOf(const config::GatewayOptions& gateway, const std::string& output);

}  // namespace sluice::commands
