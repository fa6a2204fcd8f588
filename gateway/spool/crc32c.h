// CRC-32C (Castagnoli), by the processor's instruction where it has one.
//
// Extend(Extend(0, a), b) is the checksum of a followed by b.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::spool {

uint32_t ExtendCrc32c(uint32_t crc, std::string_view bytes);

// The same by tables: what other processors run, and what tests compare with.
uint32_t ExtendCrc32cPortable(uint32_t crc, std::string_view bytes);

}  // namespace sluice::spool
