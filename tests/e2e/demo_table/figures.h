// The demo's figures: read from the gateway's /metrics and from sluice-devhub's control socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sluice::demo {

struct Figures {
  // Of the gateway.
  uint64_t devices = 0;  // connected now
  uint64_t refused = 0;  // connections that were not let in
  uint64_t in = 0;
  uint64_t dropped_by_rule = 0;
  uint64_t dropped_by_default = 0;
  uint64_t dropped_otherwise = 0;
  uint64_t forwarded = 0;
  std::vector<std::pair<std::string, uint64_t>> rules;  // name and matches, in the order written
  // Of the hub.
  uint64_t hub_operations = 0;
  uint64_t hub_blocks = 0;

  uint64_t dropped() const { return dropped_by_rule + dropped_by_default + dropped_otherwise; }
};

// Adds what a page in Prometheus's text format says of the gateway. Unknown names are passed over.
absl::Status ReadMetrics(std::string_view page, Figures* figures);

// Adds what an answer to {"op":"stats"} says of the hub.
absl::Status ReadHubStats(std::string_view answer, Figures* figures);

// How many device messages the lines of a hub's messages.jsonl hold, packs opened.
absl::StatusOr<uint64_t> CountReadings(const std::string& messages_file);

// Asks both. `metrics_address` is HOST:PORT.
absl::StatusOr<Figures> Fetch(const std::string& metrics_address,
                              const std::string& control_socket);

}  // namespace sluice::demo
