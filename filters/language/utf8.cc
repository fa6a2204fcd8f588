#include "filters/language/utf8.h"

#include <algorithm>
#include <cstring>

#include "filters/json/utf8.h"

namespace sluice::language {
namespace {

uint8_t Byte(char c) { return static_cast<uint8_t>(c); }

bool IsContinuation(char c) { return (Byte(c) & 0xC0) == 0x80; }

// Decodes the character at `*at` and steps over it. A byte that starts no character is itself, plus
// kBadByte.
constexpr uint32_t kBadByte = 0x80000000;

uint32_t Decode(std::string_view text, size_t* at) {
  const uint8_t lead = Byte(text[*at]);
  if (lead < 0x80) return text[(*at)++] & 0x7F;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - *at < length) {
    ++*at;
    return kBadByte | lead;
  }
  uint32_t code_point = lead & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[*at + i])) {
      ++*at;
      return kBadByte | lead;
    }
    code_point = code_point << 6 | (Byte(text[*at + i]) & 0x3F);
  }
  *at += length;
  return code_point;
}

// Whether a character of this many bytes may stand for this code point: no overlong form, no
// surrogate.
bool IsWellFormed(uint32_t code_point, size_t length) {
  if (code_point & kBadByte) return false;
  if (code_point >= 0xD800 && code_point < 0xE000) return false;
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  return code_point >= kLeast[length] && code_point <= 0x10FFFF;
}

template <uint32_t (*Map)(uint32_t)>
size_t MapUtf8(std::string_view text, char* out) {
  char* end = out;
  for (size_t at = 0; at < text.size();) {
    const uint32_t code_point = Decode(text, &at);
    if (code_point & kBadByte) {
      *end++ = static_cast<char>(code_point & 0xFF);
    } else {
      end += json::EncodeUtf8(Map(code_point), end);
    }
  }
  return static_cast<size_t>(end - out);
}

char AsciiUpper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

size_t Utf8ErrorOffset(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const uint32_t code_point = Decode(text, &at);
    if (!IsWellFormed(code_point, at - start)) return start;
  }
  return text.size();
}

size_t Utf16Length(std::string_view text) {
  size_t units = 0;
  for (char c : text) units += !IsContinuation(c) + (Byte(c) >= 0xF0);
  return units;
}

size_t Utf16Offset(std::string_view text, size_t unit) {
  size_t passed = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (IsContinuation(text[at])) continue;
    if (passed >= unit) return passed == unit ? at : std::string_view::npos;
    passed += 1 + (Byte(text[at]) >= 0xF0);
  }
  return passed == unit ? text.size() : std::string_view::npos;
}

int CompareUtf16(std::string_view a, std::string_view b) {
  const size_t common = std::min(a.size(), b.size());
  const auto [at_a, at_b] =
      std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(common), b.begin());
  if (at_a == a.begin() + static_cast<ptrdiff_t>(common)) {
    return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
  }
  // Bytes order like code points. Units do not: a surrogate (D800 to DFFF), with which everything
  // beyond U+FFFF begins, comes before U+E000 to U+FFFF. In UTF-8 these begin with F0 and more, and
  // with EE or EF.
  const uint8_t byte_a = Byte(*at_a);
  const uint8_t byte_b = Byte(*at_b);
  const bool by_bytes = byte_a < byte_b;
  const bool swapped = byte_a >= 0xEE && byte_b >= 0xEE && (byte_a >= 0xF0) != (byte_b >= 0xF0);
  return by_bytes != swapped ? -1 : 1;
}

size_t LowerUtf8(std::string_view text, char* out) { return MapUtf8<ToLower>(text, out); }
size_t UpperUtf8(std::string_view text, char* out) { return MapUtf8<ToUpper>(text, out); }

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  size_t at_a = 0;
  size_t at_b = 0;
  while (at_a < a.size() && at_b < b.size()) {
    if ((Byte(a[at_a]) | Byte(b[at_b])) < 0x80) {
      if (AsciiUpper(a[at_a++]) != AsciiUpper(b[at_b++])) return false;
    } else if (ToUpper(Decode(a, &at_a)) != ToUpper(Decode(b, &at_b))) {
      return false;
    }
  }
  return at_a == a.size() && at_b == b.size();
}

bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && EqualsIgnoringCase(text.substr(0, prefix.size()), prefix);
}

}  // namespace sluice::language
