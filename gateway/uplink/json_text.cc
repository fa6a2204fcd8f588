#include "gateway/uplink/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>

#include "simdjson.h"

namespace sluice::uplink {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// What a byte becomes within a JSON string: 0 itself, 'u' \u00XX, else a backslash and this.
constexpr std::array<char, 256> Escapes() {
  std::array<char, 256> table = {};
  for (size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\t'] = 't';
  table['\n'] = 'n';
  table['\f'] = 'f';
  table['\r'] = 'r';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}
constexpr std::array<char, 256> kEscapes = Escapes();

void AppendEscaped(std::string_view text, std::string* out) {
  size_t clean_from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out->append(text, clean_from, i - clean_from);
    clean_from = i + 1;
    out->push_back('\\');
    out->push_back(escape);
    if (escape == 'u') {
      const char code[] = {'0', '0', kHex[byte >> 4], kHex[byte & 15]};
      out->append(code, sizeof code);
    }
  }
  out->append(text, clean_from);
}

// The length of the UTF-8 character that `text` begins with; 0 where it begins with none.
size_t CharacterBytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t bytes = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return bytes <= text.size() && IsUtf8(text.substr(0, bytes)) ? bytes : 0;
}

// Slow, for what should not occur: names out of certificates and topics have been checked.
void AppendRepaired(std::string_view text, std::string* out) {
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    if (bytes == 0) {
      out->append("\\ufffd");
    } else {
      AppendEscaped(text.substr(0, bytes), out);
    }
    text.remove_prefix(std::max<size_t>(bytes, 1));
  }
}

bool IsAscii(std::string_view text) {
  uint64_t seen = 0;
  size_t i = 0;
  for (; i + sizeof seen <= text.size(); i += sizeof seen) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof word);
    seen |= word;
  }
  for (; i < text.size(); ++i) seen |= static_cast<unsigned char>(text[i]);
  return (seen & 0x8080808080808080u) == 0;
}

void PutTwo(int value, char* to) {
  to[0] = static_cast<char>('0' + value / 10);
  to[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

bool IsUtf8(std::string_view text) {
  return IsAscii(text) || simdjson::validate_utf8(text.data(), text.size());
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  if (IsUtf8(text)) {
    AppendEscaped(text, out);
  } else {
    AppendRepaired(text, out);
  }
  out->push_back('"');
}

void AppendBase64(std::string_view bytes, std::string* out) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])); };
  out->reserve(out->size() + (bytes.size() + 2) / 3 * 4);
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    const char quad[] = {kDigits[bits >> 18], kDigits[bits >> 12 & 63], kDigits[bits >> 6 & 63],
                         kDigits[bits & 63]};
    out->append(quad, sizeof quad);
  }
  const size_t left = bytes.size() - i;
  if (left == 0) return;
  const uint32_t bits = byte(i) << 16 | (left == 2 ? byte(i + 1) << 8 : 0);
  const char quad[] = {kDigits[bits >> 18], kDigits[bits >> 12 & 63],
                       left == 2 ? kDigits[bits >> 6 & 63] : '=', '='};
  out->append(quad, sizeof quad);
}

void AppendNumber(uint64_t number, std::string* out) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  static_cast<void>(error);  // 20 digits hold every uint64_t
  out->append(digits, static_cast<size_t>(end - digits));
}

std::string_view TimeText::Format(int64_t time_us) {
  using std::chrono::floor;
  const std::chrono::microseconds time(time_us);
  const auto second = floor<std::chrono::seconds>(time);
  if (second.count() != second_) {
    second_ = second.count();
    const auto day = floor<std::chrono::days>(second);
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const std::chrono::hh_mm_ss clock(second - day);
    std::memcpy(text_, "0000-00-00T00:00:00.000Z", kBytes);
    const int year = std::clamp(static_cast<int>(date.year()), 0, 9999);
    PutTwo(year / 100, text_);
    PutTwo(year % 100, text_ + 2);
    PutTwo(static_cast<int>(static_cast<unsigned>(date.month())), text_ + 5);
    PutTwo(static_cast<int>(static_cast<unsigned>(date.day())), text_ + 8);
    PutTwo(static_cast<int>(clock.hours().count()), text_ + 11);
    PutTwo(static_cast<int>(clock.minutes().count()), text_ + 14);
    PutTwo(static_cast<int>(clock.seconds().count()), text_ + 17);
  }
  const auto ms = static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time - second).count());
  text_[20] = static_cast<char>('0' + ms / 100);
  PutTwo(ms % 100, text_ + 21);
  return {text_, kBytes};
}

}  // namespace sluice::uplink
