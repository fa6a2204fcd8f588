// UTF-8, as JSON text is written in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::json {

// Whether `bytes` are well-formed UTF-8 (no surrogates, nothing overlong).
bool IsUtf8(std::string_view bytes);

// Writes the code point's 1 to 4 bytes; returns how many.
inline size_t EncodeUtf8(uint32_t code_point, char* out) {
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
    return 1;
  }
  if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
    return 2;
  }
  if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
    return 3;
  }
  put(0xF0 | code_point >> 18);
  put(0x80 | (code_point >> 12 & 0x3F));
  put(0x80 | (code_point >> 6 & 0x3F));
  put(0x80 | (code_point & 0x3F));
  return 4;
}

}  // namespace sluice::json
