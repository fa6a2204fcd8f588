// A file of the state folder that a clean end leaves for the next start: written whole, taken once.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sluice::commands {

// Reads it. NotFound if there is none.
absl::StatusOr<std::string> ReadStateFile(const std::string& path);

// Reads and removes it: what it says would be out of date after a crash. NotFound if there is none.
absl::StatusOr<std::string> TakeStateFile(const std::string& path);

// In place of an earlier one, or not at all; on the disk when this returns. Mode 0600; the folder
// is made, mode 0700, if it is missing.
absl::Status WriteStateFile(const std::string& path, std::string_view bytes);

}  // namespace sluice::commands
