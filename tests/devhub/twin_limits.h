// What a twin may hold (sheet, section 9).
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"

namespace sluice::devhub {

inline constexpr size_t kMostPropertiesBytes = 32 << 10;  // of desired, and of reported
inline constexpr size_t kMostTagsBytes = 8 << 10;

// Keys, values and depth; a null is fine, as it stands in patches. Looks no deeper than it allows.
absl::Status CheckTwinPatch(const nlohmann::json& patch);

// Keys and values; a number counts as 8, true and false as 4. Of what has been checked.
size_t TwinSize(const nlohmann::json& value);

}  // namespace sluice::devhub
