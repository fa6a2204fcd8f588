#include "tests/devhub/property_bag.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "gateway/mqtt/utf8.h"
#include "tests/devhub/identity.h"
#include "tests/devhub/percent.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

absl::Status Bad(const std::string& why) {
  return absl::InvalidArgumentError("property bag: " + why);
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return lower;
}

// Finds a name among the pairs read so far. Linear while they are few, as they nearly always are; a
// topic of 64 KB can hold 16,000 names, and quadratic work would then stop the hub.
class NameIndex {
 public:
  explicit NameIndex(std::vector<Property>* pairs) : pairs_(*pairs) {}

  // The pair of that name, made if there is none.
  Property* FindOrAdd(const std::string& name) {
    if (pairs_.size() < kFew) {
      for (Property& pair : pairs_) {
        if (EqualsIgnoringCase(pair.name, name)) return &pair;
      }
    } else {
      while (indexed_ < pairs_.size()) {
        by_name_.emplace(LowerCase(pairs_[indexed_].name), indexed_);
        ++indexed_;
      }
      const auto found = by_name_.find(LowerCase(name));
      if (found != by_name_.end()) return &pairs_[found->second];
    }
    pairs_.push_back({name, "", false});
    return &pairs_.back();
  }

 private:
  static constexpr size_t kFew = 32;
  std::vector<Property>& pairs_;
  std::unordered_map<std::string, size_t> by_name_;
  size_t indexed_ = 0;
};

// System properties that a sender sets (the table of section 6), and their names in conditions.
struct SystemKey {
  std::string_view key;
  std::string_view name;
};
constexpr SystemKey kSenderKeys[] = {
    {"$.mid", "messageId"},        {"$.cid", "correlationId"},
    {"$.uid", "userId"},           {"$.to", "to"},
    {"$.ct", "contentType"},       {"$.ce", "contentEncoding"},
    {"$.on", "outputName"},        {"$.exp", "absolute-expiry-time"},
    {"$.sub", "dt-subject"},       {"$.ctime", "creation-time-utc"},
    {"$.schema", "messageSchema"}, {"$.ifid", "iothub-interface-id"},
};

// What the hub itself stamps (section 6), under each name that a sender could try.
constexpr std::string_view kStamped[] = {
    "$.cdid",
    "$.cmid",
    "iothub-connection-device-id",
    "iothub-connection-module-id",
    "iothub-connection-auth-generation-id",
    "iothub-connection-auth-method",
    "iothub-enqueuedtime",
};

}  // namespace

absl::Status ParseBag(std::string_view bag, std::vector<Property>* pairs) {
  pairs->clear();
  if (!bag.empty() && bag[0] == '?') bag.remove_prefix(1);  // old samples write one
  if (bag.empty()) return absl::OkStatus();
  NameIndex names(pairs);
  std::string name;
  std::string value;
  for (const std::string_view pair : Split(bag, '&')) {
    const size_t equals = pair.find('=');
    const std::string_view encoded_value =
        equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
    if (encoded_value.find('=') != encoded_value.npos) {
      return Bad(fmt::format("\"{}\" has two =", Printable(pair)));
    }
    if (!PercentDecode(pair.substr(0, equals), &name) || !PercentDecode(encoded_value, &value)) {
      return Bad(fmt::format("\"{}\" is not percent-encoded", Printable(pair)));
    }
    if (name.empty()) return Bad("a property without a name");
    if (!mqtt::ValidUtf8(name) || !mqtt::ValidUtf8(value)) {
      return Bad(fmt::format("\"{}\" is no UTF-8", Printable(pair)));
    }
    Property* property = names.FindOrAdd(name);
    property->value = value;
    property->is_null = equals == pair.npos;
  }
  return absl::OkStatus();
}

std::string WriteBag(const std::vector<Property>& properties) {
  std::string bag;
  for (const Property& property : properties) {
    if (!bag.empty()) bag += '&';
    bag += PercentEncode(property.name);
    if (!property.is_null) bag += '=' + PercentEncode(property.value);
  }
  return bag;
}

absl::Status SortProperties(std::vector<Property>&& pairs, MessageProperties* properties) {
  properties->application.clear();
  properties->system.clear();
  for (Property& pair : pairs) {
    const bool stamped =
        std::any_of(std::begin(kStamped), std::end(kStamped),
                    [&](std::string_view key) { return EqualsIgnoringCase(pair.name, key); });
    if (stamped) continue;
    const auto* key = std::find_if(
        std::begin(kSenderKeys), std::end(kSenderKeys),
        [&](const SystemKey& known) { return EqualsIgnoringCase(pair.name, known.key); });
    if (key == std::end(kSenderKeys)) {
      properties->application.push_back(std::move(pair));
      continue;
    }
    if (key->key == "$.mid" && !IsValidId(pair.value)) {
      return Bad(
          fmt::format("message id \"{}\": want 1 to 128 characters of A-Za-z0-9-:.+%_#*?!(),=@;$'",
                      Printable(pair.value)));
    }
    pair.name = key->name;
    properties->system.push_back(std::move(pair));
  }
  return absl::OkStatus();
}

size_t MeteredSize(const MessageProperties& properties) {
  size_t size = 0;
  for (const Property& property : properties.system) size += property.value.size();
  for (const Property& property : properties.application) {
    size += property.name.size() + property.value.size();
  }
  return size;
}

}  // namespace sluice::devhub
