#include "filters/language/json_text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The four digits at `at`, or -1.
int32_t HexQuad(std::string_view text, size_t at) {
  if (text.size() < at + 4) return -1;
  int32_t value = 0;
  for (char c : text.substr(at, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    if (!IsDigit(c) && (lower < 'a' || lower > 'f')) return -1;
    value = value * 16 + (IsDigit(c) ? c - '0' : lower - 'a' + 10);
  }
  return value;
}

// The code point of the escape \u… at `at`, and of the second half that must follow a first one.
// Steps over them.
int32_t UnicodeEscape(std::string_view text, size_t* at) {
  int32_t code_point = HexQuad(text, *at + 2);
  *at += 6;
  if (code_point < 0xD800 || code_point >= 0xE000) return code_point;
  if (code_point >= 0xDC00 || text.substr(std::min(*at, text.size()), 2) != "\\u") return -1;
  const int32_t low = HexQuad(text, *at + 2);
  if (low < 0xDC00 || low >= 0xE000) return -1;
  *at += 6;
  return 0x10000 + (code_point - 0xD800) * 0x400 + (low - 0xDC00);
}

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

}  // namespace

bool IsJsonNumber(std::string_view token) {
  const char* at = token.data();
  const char* const end = at + token.size();
  const auto digits = [&at, end] {
    const char* const first = at;
    while (at != end && IsDigit(*at)) ++at;
    return at != first;
  };
  if (at != end && *at == '-') ++at;
  if (at == end) return false;
  if (*at == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at != end && *at == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    if (!digits()) return false;
  }
  return at == end;
}

size_t UnescapeJson(std::string_view text, char* out) {
  char* end = out;
  for (size_t at = 0; at < text.size();) {
    const void* found = std::memchr(text.data() + at, '\\', text.size() - at);
    const size_t plain =
        (found == nullptr ? text.size()
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data())) -
        at;
    std::memcpy(end, text.data() + at, plain);
    end += plain;
    at += plain;
    if (found == nullptr) break;
    if (at + 1 >= text.size()) return std::string_view::npos;
    if (text[at + 1] == 'u') {
      const int32_t code_point = UnicodeEscape(text, &at);
      if (code_point < 0) return std::string_view::npos;
      end += EncodeUtf8(static_cast<uint32_t>(code_point), end);
    } else {
      const char c = SimpleEscape(text[at + 1]);
      if (c == '\0') return std::string_view::npos;
      *end++ = c;
      at += 2;
    }
  }
  return static_cast<size_t>(end - out);
}

size_t LexicalErrorOffset(std::string_view text) {
  const size_t limit = Utf8ErrorOffset(text);
  bool in_string = false;
  for (size_t at = 0; at < limit; ++at) {
    if (text[at] == '"') {
      in_string = !in_string;
    } else if (in_string && text[at] == '\\') {
      ++at;
    } else if (in_string && static_cast<unsigned char>(text[at]) < 0x20) {
      return at;
    }
  }
  return limit;
}

}  // namespace sluice::language
