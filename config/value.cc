#include "config/value.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <vector>

namespace sluice::config {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};
constexpr Unit kDurationUnits[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr Unit kSizeUnits[] = {
    {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", int64_t{1} << 40}};

constexpr std::string_view kDigits = "0123456789";

// Digits, then exactly one of the units.
template <size_t kCount>
std::optional<int64_t> ParseWithUnit(std::string_view text, const Unit (&units)[kCount]) {
  const size_t split = std::min(text.find_first_not_of(kDigits), text.size());
  const std::optional<int64_t> number = ParseInteger(text.substr(0, split));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    if (text.substr(split) != unit.name) continue;
    int64_t product = 0;
    if (__builtin_mul_overflow(*number, unit.factor, &product)) return std::nullopt;
    return product;
  }
  return std::nullopt;
}

template <size_t kCount>
std::string FormatWithUnit(int64_t value, const Unit (&units)[kCount]) {
  const Unit* best = &units[0];
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) best = &unit;
  }
  return fmt::format("{}{}", value / best->factor, best->name);
}

bool IsIpAddress(const std::string& host) {
  in6_addr buffer;
  return inet_pton(AF_INET, host.c_str(), &buffer) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &buffer) == 1;
}

}  // namespace

std::optional<int64_t> ParseInteger(std::string_view text) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool separator = text[i] == '_' && i > 0 && i + 1 < text.size() && text[i - 1] != '_';
    if (!separator) digits.push_back(text[i]);
  }
  int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [parsed, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || parsed != end) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseDuration(std::string_view text) {
  return ParseWithUnit(text, kDurationUnits);
}

std::optional<int64_t> ParseSize(std::string_view text) {
  if (!text.empty() && text.find_first_not_of(kDigits) == std::string_view::npos) {
    return ParseInteger(text);
  }
  return ParseWithUnit(text, kSizeUnits);
}

std::string FormatDuration(int64_t milliseconds) {
  return FormatWithUnit(milliseconds, kDurationUnits);
}

std::string FormatSize(int64_t bytes) { return FormatWithUnit(bytes, kSizeUnits); }

std::optional<Address> ParseAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Address address;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return std::nullopt;
  address.host = host;
  if ((bracketed || !host.empty()) && !IsIpAddress(address.host)) return std::nullopt;
  const std::string_view port = text.substr(colon + 1);
  if (port.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  const std::optional<int64_t> number = ParseInteger(port);
  if (!number || *number > 65535) return std::nullopt;
  address.port = static_cast<uint16_t>(*number);
  return address;
}

size_t EditDistance(std::string_view a, std::string_view b) {
  constexpr size_t kLongest = 64;  // longer words are no slips of the pen
  if (a.size() > kLongest || b.size() > kLongest) return kLongest;
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace sluice::config
