// Sections that something else than the file gives, such as a twin, laid over a configuration that
// was loaded.
//
// kOverlaySections names them: only what a running gateway can change.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "config/diagnostics.h"

namespace sluice::config {

// Reads `text`, what stands behind the section's name in a file (JSON is YAML as well), for `rules`
// also a file of rules alone. `rules` and `log_level` are replaced as a whole, of `devices`
// (publish, subscribe, each) and `limits` (of every listener) the keys that are written. False:
// what is wrong is in the diagnostics, whose source is `source` then, and `config` is of no use.
bool LayOver(std::string_view section, const std::string& text, const std::string& source,
             Config* config, Diagnostics* diagnostics);

}  // namespace sluice::config
