#include "filters/json/base64.h"

#include <array>
#include <cstdint>

namespace sluice::json {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kForeign = 0xff;

constexpr std::array<uint8_t, 256> MakeValues() {
  std::array<uint8_t, 256> values{};
  for (uint8_t& value : values) value = kForeign;
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr std::array<uint8_t, 256> kValues = MakeValues();

uint32_t Byte(char c) { return static_cast<uint8_t>(c); }
uint32_t Value(char c) { return kValues[static_cast<uint8_t>(c)]; }

}  // namespace

void AppendBase64(std::string_view bytes, std::string* out) {
  const size_t start = out->size();
  out->resize(start + (bytes.size() + 2) / 3 * 4);
  char* to = out->data() + start;
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3, to += 4) {
    const uint32_t group = Byte(bytes[i]) << 16 | Byte(bytes[i + 1]) << 8 | Byte(bytes[i + 2]);
    to[0] = kAlphabet[group >> 18];
    to[1] = kAlphabet[group >> 12 & 63];
    to[2] = kAlphabet[group >> 6 & 63];
    to[3] = kAlphabet[group & 63];
  }
  const size_t left = bytes.size() - i;
  if (left == 0) return;
  const uint32_t group = Byte(bytes[i]) << 16 | (left == 2 ? Byte(bytes[i + 1]) << 8 : 0);
  to[0] = kAlphabet[group >> 18];
  to[1] = kAlphabet[group >> 12 & 63];
  to[2] = left == 2 ? kAlphabet[group >> 6 & 63] : '=';
  to[3] = '=';
}

std::optional<size_t> DecodeBase64(std::string_view text, char* out) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return 0;
  const size_t padding = text.back() != '=' ? 0 : text[text.size() - 2] != '=' ? 1 : 2;
  const size_t whole = text.size() - (padding > 0 ? 4 : 0);
  char* to = out;
  for (size_t i = 0; i < whole; i += 4, to += 3) {
    const uint32_t a = Value(text[i]), b = Value(text[i + 1]), c = Value(text[i + 2]),
                   d = Value(text[i + 3]);
    if ((a | b | c | d) == kForeign)
      return std::nullopt;  // a valid value has only its low six bits set
    const uint32_t group = a << 18 | b << 12 | c << 6 | d;
    to[0] = static_cast<char>(group >> 16);
    to[1] = static_cast<char>(group >> 8);
    to[2] = static_cast<char>(group);
  }
  if (padding > 0) {
    const uint32_t a = Value(text[whole]), b = Value(text[whole + 1]);
    const uint32_t c = padding == 1 ? Value(text[whole + 2]) : 0;
    if ((a | b | c) == kForeign) return std::nullopt;
    const uint32_t group = a << 18 | b << 12 | c << 6;
    if ((group & (padding == 1 ? 0xff : 0xffff)) != 0) return std::nullopt;
    *to++ = static_cast<char>(group >> 16);
    if (padding == 1) *to++ = static_cast<char>(group >> 8);
  }
  return static_cast<size_t>(to - out);
}

}  // namespace sluice::json
