// What a message costs: its size, blocks, and the limits of a tier (sheet, sections 6 and 12).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::devhub {

// Body, values of system properties, names and values of application properties together.
inline constexpr size_t kMaxMessageBytes = 262'144;

struct Tier {
  std::string_view name;
  uint32_t block_bytes;             // free counts in half kilobytes
  uint32_t sends_per_second;        // device-to-cloud, a unit
  uint32_t sends_per_second_least;  // however few the units are
  uint64_t blocks_per_day;          // a unit
  uint32_t most_units;
  uint32_t twin_reads_per_second;        // a unit; updates are half of them
  uint32_t twin_reads_per_second_least;  // however few the units are
  uint32_t cloud_messages_per_minute;    // cloud-to-device, a unit
  uint32_t method_kilobytes_per_second;  // a unit
  bool basic;                            // no cloud-to-device, twins, methods (sections 8 to 10)
};

// Null if there is no such tier.
const Tier* FindTier(std::string_view name);

// The smallest message costs one block.
constexpr uint64_t Blocks(const Tier& tier, size_t message_bytes) {
  return message_bytes == 0 ? 1 : (message_bytes + tier.block_bytes - 1) / tier.block_bytes;
}

constexpr uint64_t SendsPerSecond(const Tier& tier, uint32_t units) {
  const uint64_t sends = uint64_t{tier.sends_per_second} * units;
  return sends > tier.sends_per_second_least ? sends : tier.sends_per_second_least;
}

constexpr uint32_t TwinReadsPerSecond(const Tier& tier, uint32_t units) {
  const uint32_t reads = tier.twin_reads_per_second * units;
  return reads > tier.twin_reads_per_second_least ? reads : tier.twin_reads_per_second_least;
}

}  // namespace sluice::devhub
