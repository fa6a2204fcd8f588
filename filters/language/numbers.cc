#include "filters/language/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Whether a number beyond the range of double is large rather than small: by the power of ten of
// its first digit that counts. Exponents are clamped; no text we take has 10^9 digits.
bool IsLarge(std::string_view text) {
  long power = 0;  // of the first digit that is not 0
  bool seen_point = false;
  bool seen_digit = false;
  size_t at = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    const char c = text[at];
    if (c == '.') {
      seen_point = true;
    } else if (IsDigit(c)) {
      if (seen_digit && !seen_point) ++power;
      if (!seen_digit && seen_point) --power;
      seen_digit = seen_digit || c != '0';
    }
  }
  if (at == text.size()) return power > 0;
  ++at;
  const bool negative = at < text.size() && text[at] == '-';
  constexpr long kFar = 2'000'000'000;
  long exponent = 0;
  for (; at < text.size(); ++at) {
    if (IsDigit(text[at])) exponent = std::min(kFar, exponent * 10 + (text[at] - '0'));
  }
  return power + (negative ? -exponent : exponent) > 0;
}

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

// digits [. digits*] | . digits, then [e [+-] digits]; commas between digits before the point if
// `commas`.
bool IsUnsignedNumber(std::string_view text, bool commas) {
  size_t at = 0;
  size_t digits = 0;
  for (; at < text.size() && (IsDigit(text[at]) || (commas && digits > 0 && text[at] == ','));
       ++at) {
    digits += IsDigit(text[at]);
  }
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && IsDigit(text[at]); ++at) ++digits;
  }
  if (digits == 0) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const size_t exponent = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at == text.size() && at > exponent;
}

}  // namespace

double DecimalValue(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    value = IsLarge(text) ? std::numeric_limits<double>::infinity() : 0.0;
    if (text.front() == '-') value = -value;
  }
  return value;
}

std::optional<double> ParseNumberText(std::string_view text, Profile profile) {
  const bool edgehub = profile == Profile::kEdgeHub;
  text = Trim(text);
  bool negative = false;
  if (edgehub && text.size() >= 2 && text.front() == '(' && text.back() == ')') {
    negative = true;
    text = Trim(text.substr(1, text.size() - 2));
  } else if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  double value = 0;
  if (IsUnsignedNumber(text, false)) {
    value = DecimalValue(text);
  } else if (edgehub && EqualsIgnoringCase(text, "infinity")) {
    value = std::numeric_limits<double>::infinity();
  } else if (edgehub && IsUnsignedNumber(text, true)) {
    // Rare enough that a copy without the commas costs nobody anything; bounded, as the path may
    // not allocate.
    char plain[64];
    size_t size = 0;
    for (char c : text) {
      if (c == ',') continue;
      if (size == sizeof(plain)) return std::nullopt;
      plain[size++] = c;
    }
    value = DecimalValue({plain, size});
  } else {
    return std::nullopt;
  }
  return negative ? -value : value;
}

std::string_view FormatNumber(double value, NumberText* buffer) {
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  const auto [end, error] =
      std::to_chars(buffer->bytes, buffer->bytes + sizeof(buffer->bytes), value);
  return {buffer->bytes, static_cast<size_t>(end - buffer->bytes)};
}

}  // namespace sluice::language
