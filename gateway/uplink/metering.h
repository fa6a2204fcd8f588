// What IoT Hub counts: the metered size of a message and the blocks it is billed as.
//
// Size is the body, the values of system properties, and names and values of application
// properties, all unencoded; blocks are that divided by 4 KB, rounded up, at least one.
#pragma once

#include <cstdint>

namespace sluice::uplink {

inline constexpr uint64_t kBlockBytes = 4096;
inline constexpr uint64_t kMaxMessageBytes = 262'144;
// The .NET client's limit on the body alone: one byte less than the hub's limit on everything.
inline constexpr uint64_t kMaxBodyBytes = kMaxMessageBytes - 1;
inline constexpr uint64_t kMaxTopicBytes = 65'535;

constexpr uint64_t BlocksOf(uint64_t metered_bytes, uint64_t block_bytes = kBlockBytes) {
  return metered_bytes == 0 ? 1 : (metered_bytes + block_bytes - 1) / block_bytes;
}

}  // namespace sluice::uplink
