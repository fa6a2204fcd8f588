// The checksum of a row: over all that it holds.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/spool/crc32c.h"

namespace sluice::spool {

inline uint32_t RowChecksum(int64_t key, int64_t time_us, int64_t records, std::string_view epoch,
                            std::string_view data) {
  const int64_t numbers[] = {key, time_us, records};
  const uint32_t crc = ExtendCrc32c(0, {reinterpret_cast<const char*>(numbers), sizeof numbers});
  return ExtendCrc32c(ExtendCrc32c(crc, epoch), data);
}

}  // namespace sluice::spool
