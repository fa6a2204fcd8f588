// What differs between two configurations, key by key, and which of it a running gateway can take
// over.
//
// The values themselves stay unsaid: some are secrets.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace sluice::config {

struct Change {
  std::string key;    // "outputs.hub.pack.max_bytes"
  bool live = false;  // false: only a restart can apply it
};

// In the order of the file's sections; the rules themselves are one key, `rules`
// (compile::CompareRules says more).
std::vector<Change> CompareConfigs(const Config& before, const Config& after);

}  // namespace sluice::config
