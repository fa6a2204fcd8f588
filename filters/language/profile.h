// Which of the two engines' dialects a condition is judged by (azure/routing-query.md section 12).
#pragma once

#include <cstdint>

namespace sluice::language {

enum class Profile : uint8_t {
  kDefault,  // IoT Hub as documented, edgeHub where the text is silent; a missing value never lets
             // a message through
  kEdgeHub,  // edgeHub's behaviour, fail-open defects included, to reuse its routes unchanged; no
             // extensions
};

}  // namespace sluice::language
