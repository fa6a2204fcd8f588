#include "gateway/mqtt/utf8.h"

#include <simdjson.h>

#include <cstdint>
#include <cstring>

namespace sluice::mqtt {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

// Whether a byte of `word` is 0 or above 0x7f. Subtracting 1 from every byte sets the high bit of a
// zero byte; a borrow can only raise a false alarm above a true one.
bool HasNulOrNonAscii(uint64_t word) { return (((word - kOnes) | word) & kHighBits) != 0; }

uint64_t Load(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// Most topics and ids are short ASCII: eight bytes a step, the last step overlapping.
bool AllAsciiWithoutNul(std::string_view text) {
  const char* p = text.data();
  const size_t size = text.size();
  if (size < 8) {
    for (const char c : text) {
      if (static_cast<signed char>(c) <= 0) return false;
    }
    return true;
  }
  for (size_t i = 0; i + 8 <= size; i += 8) {
    if (HasNulOrNonAscii(Load(p + i))) return false;
  }
  return !HasNulOrNonAscii(Load(p + size - 8));
}

}  // namespace

bool ValidUtf8(std::string_view bytes) {
  return bytes.empty() || simdjson::validate_utf8(bytes.data(), bytes.size());
}

bool ValidText(std::string_view text) {
  if (AllAsciiWithoutNul(text)) return true;
  return std::memchr(text.data(), 0, text.size()) == nullptr && ValidUtf8(text);
}

}  // namespace sluice::mqtt
