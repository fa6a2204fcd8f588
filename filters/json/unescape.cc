#include "filters/json/unescape.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstring>

namespace sluice::json {
namespace {

uint32_t HexDigit(char c) {
  if (c <= '9') return static_cast<uint32_t>(c - '0');
  return static_cast<uint32_t>((c | 0x20) - 'a') + 10;
}

uint32_t FourHexDigits(const char* at) {
  return HexDigit(at[0]) << 12 | HexDigit(at[1]) << 8 | HexDigit(at[2]) << 4 | HexDigit(at[3]);
}

// Writes 1 to 4 bytes.
size_t EncodeUtf8(uint32_t code_point, char* out) {
  if (code_point < 0x80) {
    out[0] = static_cast<char>(code_point);
    return 1;
  }
  if (code_point < 0x800) {
    out[0] = static_cast<char>(0xc0 | code_point >> 6);
    out[1] = static_cast<char>(0x80 | (code_point & 0x3f));
    return 2;
  }
  if (code_point < 0x10000) {
    out[0] = static_cast<char>(0xe0 | code_point >> 12);
    out[1] = static_cast<char>(0x80 | (code_point >> 6 & 0x3f));
    out[2] = static_cast<char>(0x80 | (code_point & 0x3f));
    return 3;
  }
  out[0] = static_cast<char>(0xf0 | code_point >> 18);
  out[1] = static_cast<char>(0x80 | (code_point >> 12 & 0x3f));
  out[2] = static_cast<char>(0x80 | (code_point >> 6 & 0x3f));
  out[3] = static_cast<char>(0x80 | (code_point & 0x3f));
  return 4;
}

char SimpleEscape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;  // a quote, a backslash, a slash
  }
}

// Decodes the escape at `*at` (behind the backslash) to `out`; 0 for a lone surrogate.
size_t DecodeEscape(const char** at, const char* end, char* out) {
  const char kind = *(*at)++;
  if (kind != 'u') {
    *out = SimpleEscape(kind);
    return 1;
  }
  assert(end - *at >= 4);
  uint32_t code_point = FourHexDigits(*at);
  *at += 4;
  if (code_point >= 0xd800 && code_point < 0xe000) {
    if (code_point >= 0xdc00 || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') return 0;
    const uint32_t low = FourHexDigits(*at + 2);
    if (low < 0xdc00 || low >= 0xe000) return 0;
    *at += 6;
    code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
  }
  return EncodeUtf8(code_point, out);
}

}  // namespace

std::optional<size_t> Unescape(std::string_view raw, char* out) {
  const char* at = raw.data();
  const char* const end = at + raw.size();
  char* to = out;
  while (at != end) {
    const void* const found = std::memchr(at, '\\', static_cast<size_t>(end - at));
    const char* const backslash = found == nullptr ? end : static_cast<const char*>(found);
    std::memmove(to, at, static_cast<size_t>(backslash - at));
    to += backslash - at;
    if (backslash == end) break;
    at = backslash + 1;
    const size_t size = DecodeEscape(&at, end, to);
    if (size == 0) return std::nullopt;
    to += size;
  }
  return static_cast<size_t>(to - out);
}

bool UnescapedEquals(std::string_view raw, std::string_view text) {
  const char* at = raw.data();
  const char* const end = at + raw.size();
  while (at != end) {
    char bytes[4] = {*at};
    size_t size = 1;
    if (*at++ == '\\') size = DecodeEscape(&at, end, bytes);
    if (size == 0 || text.substr(0, size) != std::string_view(bytes, size)) return false;
    text.remove_prefix(size);
  }
  return text.empty();
}

}  // namespace sluice::json
