// What a configuration names outside of itself: certificates, keys, folders, secrets in files.
#pragma once

#include "config/config.h"
#include "config/diagnostics.h"

namespace sluice::commands {

// Reads files, starts nothing. What is not there yet and what others may read is doubtful; what
// cannot be used is wrong.
void CheckSurroundings(const config::Config& config, config::Diagnostics& diagnostics);

}  // namespace sluice::commands
