// Finds the bytes that matter inside a JSON string, eight at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace sluice::json {

// The first byte of [at, end) that is a quote, a backslash or below 0x20; `end` if there is none.
inline const char* FindSpecial(const char* at, const char* end) {
  static_assert(std::endian::native == std::endian::little,
                "the lowest set bit must be the first byte");
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x8080808080808080;
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    // (x - 1) & ~x has the high bit of each zero byte set; a borrow can only add bits above the
    // first true one, and the first is all that is used.
    const uint64_t quote = word ^ (kOnes * '"');
    const uint64_t backslash = word ^ (kOnes * '\\');
    const uint64_t found = (((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash) |
                            ((word - kOnes * 0x20) & ~word)) &
                           kHigh;
    if (found != 0) return at + std::countr_zero(found) / 8;
  }
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

}  // namespace sluice::json
