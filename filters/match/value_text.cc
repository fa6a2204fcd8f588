#include "filters/match/value_text.h"

#include <fmt/format.h>

#include "filters/json/utf8.h"
#include "filters/language/numbers.h"

namespace sluice::match {
namespace {

constexpr size_t kLongest = 80;  // bytes of a string that are shown

bool IsControl(unsigned char byte) { return byte < 0x20 || byte == 0x7f; }
bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// Bytes of the UTF-8 sequence at the front; 1 where there is none.
size_t SequenceSize(std::string_view text) {
  size_t size = 1;
  while (size < text.size() && size < 4 && IsContinuation(text[size])) ++size;
  return size;
}

std::string StringText(std::string_view text) {
  size_t cut = text.size();
  if (cut > kLongest) {
    cut = kLongest;
    while (cut > 0 && IsContinuation(text[cut])) --cut;
  }
  std::string quoted = "'";
  for (const char c : Printable(text.substr(0, cut))) {
    if (c == '\'') quoted += '\\';
    quoted += c;
  }
  quoted += cut == text.size() ? "'" : fmt::format("…' ({} bytes)", text.size());
  return quoted;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view sequence = text.substr(at, SequenceSize(text.substr(at)));
    // C1 controls (U+0080 to U+009F) and the bidirectional ones would act on a terminal, too.
    const bool acts = IsControl(static_cast<unsigned char>(text[at])) ||
                      (sequence.size() == 2 && sequence[0] == '\xc2' &&
                       static_cast<unsigned char>(sequence[1]) < 0xa0) ||
                      (sequence >= "\u202a" && sequence <= "\u202e") ||
                      (sequence >= "\u2066" && sequence <= "\u2069");
    if (!acts && json::IsUtf8(sequence)) {
      out += sequence;
    } else {
      for (const char c : sequence) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    at += sequence.size();
  }
  return out;
}

std::string ValueText(const language::Value& value) {
  using Kind = language::Value::Kind;
  language::NumberText buffer;
  switch (value.kind()) {
    case Kind::kUndefined:
      return "undefined";
    case Kind::kNull:
      return "null";
    case Kind::kNullProperty:
      return "a property without a value";
    case Kind::kBool:
      return value.bool_value() ? "true" : "false";
    case Kind::kNumber:
      return std::string(language::FormatNumber(value.number(), &buffer));
    case Kind::kString:
      return StringText(value.string());
    case Kind::kObject:
      return "an object";
    case Kind::kArray:
      return "an array";
  }
  return "undefined";
}

}  // namespace sluice::match
