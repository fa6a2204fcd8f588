// A quick hash of short texts, for tables that hold an operator's literals: what is looked up may
// be a stranger's, what stands in the table is not, so that nobody can make it long to search.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::compile {

inline uint64_t MixBits(uint64_t bits) {
  constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;
  bits = (bits ^ (bits >> 32)) * kOdd;
  return bits ^ (bits >> 29);
}

inline uint64_t HashText(std::string_view text) {
  uint64_t hash = text.size();
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = MixBits(hash ^ word);
  }
  uint64_t tail = 0;
  if (left >= 4) {  // the last bytes may be taken twice
    uint32_t word;
    std::memcpy(&word, at, 4);
    tail = uint64_t{word} << 32;
    std::memcpy(&word, at + left - 4, 4);
    tail |= word;
  } else if (left > 0) {
    tail = uint64_t{static_cast<unsigned char>(at[0])} << 16 |
           uint64_t{static_cast<unsigned char>(at[left / 2])} << 8 |
           static_cast<unsigned char>(at[left - 1]);
  }
  return MixBits(hash ^ tail);
}

}  // namespace sluice::compile
