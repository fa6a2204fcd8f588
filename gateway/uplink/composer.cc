#include "gateway/uplink/composer.h"

#include <string_view>

#include "gateway/credentials/hub_identity.h"

namespace sluice::uplink {
namespace {

using spool::Property;
using spool::RecordView;

void AppendLengthAndText(std::string_view text, std::string* out) {
  const auto size = static_cast<uint32_t>(text.size());
  out->append(reinterpret_cast<const char*>(&size), sizeof size);
  out->append(text);
}

bool Replace(std::string_view* rest, std::string_view name, std::string_view value,
             std::string* out) {
  if (!rest->starts_with(name)) return false;
  out->append(value);
  rest->remove_prefix(name.size());
  return true;
}

}  // namespace

// Equal for records with the same properties of `set`, different for all others.
void HubComposer::AppendPackKey(const RecordView& record, std::string* key) const {
  for (const Property& p : record.hub_properties) {
    key->push_back(p.is_null ? 'n' : 'v');
    AppendLengthAndText(p.name, key);
    AppendLengthAndText(p.value, key);
  }
}

std::optional<Composer::Head> HubComposer::HeadOfPack(const RecordView& record) {
  bag_.Clear();
  bag_.AddSystem("$.ct", "application/json");
  bag_.AddSystem("$.ce", gzip_ ? "gzip" : "utf-8");
  for (const Property& p : record.hub_properties) {
    if (p.is_null) {
      bag_.AddNull(p.name);
    } else {
      bag_.AddApplication(p.name, p.value);
    }
  }
  return HeadOfBag();
}

std::optional<Composer::Head> HubComposer::HeadAlone(const RecordView& record) {
  bag_.Clear();
  envelopes_.FillBag(record, &bag_);
  return HeadOfBag();
}

std::optional<Composer::Head> HubComposer::HeadOfBag() const {
  // Any identity's topic must hold it: which one it will be sent as may change.
  if (credentials::kMaxEventsTopicBytes + bag_.text().size() > kMaxTopicBytes) return std::nullopt;
  return Head{topic_prefix_ + bag_.text(), bag_.metered_bytes()};
}

std::optional<Composer::Head> BrokerComposer::HeadAlone(const RecordView& record) {
  std::string topic;
  for (std::string_view rest = topic_; !rest.empty();) {
    if (Replace(&rest, "{device}", record.device, &topic)) continue;
    if (Replace(&rest, "{topic}", record.topic, &topic)) continue;
    topic.push_back(rest.front());
    rest.remove_prefix(1);
  }
  if (topic.size() > kMaxTopicBytes) return std::nullopt;
  return Head{std::move(topic), 0};
}

}  // namespace sluice::uplink
