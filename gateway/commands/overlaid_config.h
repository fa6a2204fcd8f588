// A configuration file with what its twin desires laid over it, compiled: in force as a whole or
// not at all.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "config/config.h"
#include "filters/compile/program.h"
#include "gateway/cloud/reported.h"
#include "gateway/cloud/twin_sync.h"

namespace sluice::commands {

struct OverlaidConfig {
  config::Config config;
  std::shared_ptr<const compile::Program> program;  // null if there is a fault
  std::vector<std::string> sections;                // that are not the file's
  std::vector<cloud::Fault> faults;
};

// `file` has a section `cloud`, which says what may be desired, and no errors of its own.
OverlaidConfig LayOverDesired(config::Config file, const cloud::Desired& desired);

// What was desired when the gateway last ran, so that it can start without its hub: in the file
// desired.json of its state folder, mode 0600. Version 0: nothing. What cannot be read is said in
// the log.
cloud::Desired LoadDesired(const config::GatewayOptions& gateway);
// In place of what was kept; nothing is kept of an empty section.
absl::Status KeepDesired(const config::GatewayOptions& gateway, const cloud::Desired& desired);

}  // namespace sluice::commands
