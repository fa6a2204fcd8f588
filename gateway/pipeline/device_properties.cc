#include "gateway/pipeline/device_properties.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <string>

#include "filters/language/utf8.h"

namespace sluice::pipeline {

using language::EqualsIgnoringCase;
using language::PropertyView;
using language::StartsWithIgnoringCase;

namespace {

constexpr std::string_view kForged[] = {"origin-device", "origin-topic", "origin-time"};

// Names as in conditions. Not here: content type and encoding, which MQTT 5 says by properties of
// its own, and what would address, expire or acknowledge the gateway's own message.
struct SystemName {
  std::string_view key;
  std::string_view name;
};
constexpr SystemName kSystemNames[] = {{"$.mid", "messageId"},
                                       {"$.cid", "correlationId"},
                                       {"$.uid", "userId"},
                                       {"$.ctime", "creation-time-utc"},
                                       {"$.sub", "dt-subject"}};

bool MayBeReserved(std::string_view name) {
  return !name.empty() &&
         (name[0] == '$' || name[0] == 'o' || name[0] == 'O' || name[0] == 'i' || name[0] == 'I');
}

}  // namespace

void DeviceProperties::Clear() {
  application_.clear();
  system_.clear();
}

bool DeviceProperties::Add(const PropertyView& property) {
  const std::string_view name = property.name;
  if (!MayBeReserved(name)) {
    application_.push_back(property);
    return true;
  }
  if (StartsWithIgnoringCase(name, "iothub-")) return false;
  for (const std::string_view forged : kForged) {
    if (EqualsIgnoringCase(name, forged)) return false;
  }
  if (!name.starts_with("$.")) {
    application_.push_back(property);
    return true;
  }
  for (const SystemName& system : kSystemNames) {
    if (!EqualsIgnoringCase(name, system.key)) continue;
    const PropertyView kept = {system.name, property.value, property.is_null};
    const auto earlier =
        std::find_if(system_.begin(), system_.end(),
                     [&](const PropertyView& other) { return other.name == system.name; });
    if (earlier == system_.end()) {
      system_.push_back(kept);
    } else {
      *earlier = kept;  // of equal names the last counts
    }
    return true;
  }
  return false;
}

void SurvivingProperties::FindLast(std::span<const PropertyView> properties) {
  constexpr size_t kFew = 16;
  survivors_.clear();
  if (properties.size() <= kFew) {
    for (size_t i = 0; i < properties.size(); ++i) {
      const auto later = properties.subspan(i + 1);
      const bool replaced = std::any_of(later.begin(), later.end(), [&](const PropertyView& other) {
        return EqualsIgnoringCase(other.name, properties[i].name);
      });
      if (!replaced) survivors_.push_back(properties[i]);
    }
    return;
  }
  // Many names: by hash, so that a hostile message costs no square of them.
  absl::flat_hash_set<std::string> seen;
  for (size_t i = properties.size(); i-- > 0;) {
    std::string lower(properties[i].name);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (seen.insert(std::move(lower)).second) survivors_.push_back(properties[i]);
  }
  std::reverse(survivors_.begin(), survivors_.end());
}

}  // namespace sluice::pipeline
