// The scalars of JSON by their bytes: where a string has one that matters, where a number ends.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace sluice::json {

static_assert(std::endian::native == std::endian::little,
              "the lowest byte of a word must be the first in memory");

// Eight bytes as the one word they are on a little-endian machine: the first is the lowest.
inline uint64_t LoadEight(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The high bit of each byte of `word` that is `byte`, and of no other.
inline uint64_t BytesEqual(uint64_t word, char byte) {
  constexpr uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
  const uint64_t apart = word ^ (0x0101010101010101 * static_cast<unsigned char>(byte));
  return ~(((apart & kLow) + kLow) | apart | kLow);
}

// The first byte of [at, end) that is a quote, a backslash or below 0x20; `end` if there is none.
inline const char* FindSpecial(const char* at, const char* end) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHigh = 0x8080808080808080;
  for (; end - at >= 8; at += 8) {
    const uint64_t word = LoadEight(at);
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

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The high bit of each byte of `word` that is no digit.
inline uint64_t NonDigits(uint64_t word) {
  const uint64_t from_zero = word ^ 0x3030303030303030;
  return (((from_zero & 0x7F7F7F7F7F7F7F7F) + 0x7676767676767676) | from_zero) & 0x8080808080808080;
}

// Steps over digits; whether there was one. Eight at a time: how many there are is what differs
// from message to message, and a branch a digit would be guessed wrongly each time.
inline bool SkipDigits(const char** at, const char* end) {
  const char* const start = *at;
  const char* to = start;
  for (; end - to >= 8; to += 8) {
    const uint64_t others = NonDigits(LoadEight(to));
    if (others == 0) continue;
    to += std::countr_zero(others) / 8;
    *at = to;
    return to != start;
  }
  while (to != end && IsDigit(*to)) ++to;
  *at = to;
  return to != start;
}

// Steps over a number of RFC 8259: -0, 1.5, 2e+7; of 01 only the 0. False if there is none (+1, .5,
// 1.): `*at` then stands where a digit was expected.
inline bool SkipNumber(const char** at, const char* end) {
  if (*at != end && **at == '-') ++*at;
  if (*at != end && **at == '0') {
    ++*at;
  } else if (!SkipDigits(at, end)) {
    return false;
  }
  if (*at != end && **at == '.') {
    ++*at;
    if (!SkipDigits(at, end)) return false;
  }
  if (*at != end && (**at | 0x20) == 'e') {
    ++*at;
    if (*at != end && (**at == '+' || **at == '-')) ++*at;
    if (!SkipDigits(at, end)) return false;
  }
  return true;
}

}  // namespace sluice::json
