#include "gateway/uplink/property_bag.h"

#include <cstddef>
#include <utility>

namespace sluice::uplink {
namespace {

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
