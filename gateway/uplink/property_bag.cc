#include "gateway/uplink/property_bag.h"

#include <array>
#include <cstddef>
#include <utility>

namespace sluice::uplink {
namespace {

constexpr std::array<bool, 256> UnreservedBytes() {
  std::array<bool, 256> table = {};
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (const char c : {'-', '_', '.', '~'}) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kUnreserved = UnreservedBytes();

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

struct SystemName {
  std::string_view name;
  std::string_view key;
};
// contentType and contentEncoding are members of a record; messageId is the gateway's own here.
constexpr SystemName kSystemNames[] = {
    {"correlationId", "$.cid"},        {"userId", "$.uid"},
    {"absolute-expiry-time", "$.exp"}, {"creation-time-utc", "$.ctime"},
    {"creationTime", "$.ctime"},       {"iothub-creation-time-utc", "$.ctime"},
    {"dt-subject", "$.sub"},           {"iothub-interface-id", "$.ifid"},
    {"messageSchema", "$.schema"},
};

}  // namespace

void AppendPercentEncoded(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kUnreserved[byte]) {
      out->push_back(c);
    } else {
      const char escape[3] = {'%', kHex[byte >> 4], kHex[byte & 15]};
      out->append(escape, sizeof escape);
    }
  }
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

void PropertyBag::AddSystem(std::string_view key, std::string_view value) {
  AddPair(key, value);
  metered_bytes_ += value.size();
}

void PropertyBag::AddApplication(std::string_view name, std::string_view value) {
  AddPair(name, value);
  metered_bytes_ += name.size() + value.size();
}

void PropertyBag::AddNull(std::string_view name) {
  if (!text_.empty()) text_.push_back('&');
  AppendPercentEncoded(name, &text_);
  metered_bytes_ += name.size();
}

void PropertyBag::Clear() {
  text_.clear();
  metered_bytes_ = 0;
}

void PropertyBag::AddPair(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_.push_back('&');
  AppendPercentEncoded(name, &text_);
  text_.push_back('=');
  AppendPercentEncoded(value, &text_);
}

std::optional<std::vector<BagEntry>> DecodePropertyBag(std::string_view bag) {
  std::vector<BagEntry> entries;
  if (!bag.empty() && bag.front() == '?') bag.remove_prefix(1);
  if (!bag.empty() && bag.back() == '/') bag.remove_suffix(1);
  while (!bag.empty()) {
    const size_t end = bag.find('&');
    const std::string_view pair = bag.substr(0, end);
    bag.remove_prefix(end == std::string_view::npos ? bag.size() : end + 1);

    const size_t equals = pair.find('=');
    BagEntry entry;
    entry.is_null = equals == std::string_view::npos;
    std::optional<std::string> name = PercentDecode(pair.substr(0, equals));
    if (!name || name->empty()) return std::nullopt;
    entry.name = std::move(*name);
    if (!entry.is_null) {
      std::optional<std::string> value = PercentDecode(pair.substr(equals + 1));
      if (!value) return std::nullopt;
      entry.value = std::move(*value);
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string_view SystemPropertyKey(std::string_view name) {
  for (const SystemName& row : kSystemNames) {
    if (EqualsIgnoringCase(row.name, name)) return row.key;
  }
  return {};
}

}  // namespace sluice::uplink
