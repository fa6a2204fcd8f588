#include "filters/json/unescape.h"

#include <cstdint>
#include <cstring>

#include "filters/json/scan.h"
#include "filters/json/utf8.h"

namespace sluice::json {
namespace {

// The four digits at `*at`, which it steps over; -1 if there are none.
int32_t HexQuad(const char** at, const char* end) {
  if (end - *at < 4) return -1;
  int32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = *(*at)++;
    const char lower = static_cast<char>(c | 0x20);
    if (!IsDigit(c) && (lower < 'a' || lower > 'f')) return -1;
    value = value * 16 + (IsDigit(c) ? c - '0' : lower - 'a' + 10);
  }
  return value;
}

// '\0' if `c` names no escape.
char SimpleEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
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
      return '\0';
  }
}

// Decodes the escape at `*at` (behind the backslash) to `out`; 0 if it is none.
size_t DecodeEscape(const char** at, const char* end, char* out) {
  if (*at == end) return 0;
  const char kind = *(*at)++;
  if (kind != 'u') {
    *out = SimpleEscape(kind);
    return *out == '\0' ? 0 : 1;
  }
  int32_t code_point = HexQuad(at, end);
  if (code_point < 0) return 0;
  if (code_point >= 0xD800 && code_point < 0xE000) {
    if (code_point >= 0xDC00 || end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u') return 0;
    *at += 2;
    const int32_t low = HexQuad(at, end);
    if (low < 0xDC00 || low >= 0xE000) return 0;
    code_point = 0x10000 + (code_point - 0xD800) * 0x400 + (low - 0xDC00);
  }
  return EncodeUtf8(static_cast<uint32_t>(code_point), out);
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
