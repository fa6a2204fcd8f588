#include "filters/language/system_names.h"

#include "filters/language/text_scratch.h"
#include "filters/language/utf8.h"
#include "filters/utc/rfc3339.h"

namespace sluice::language {
namespace {

using Derived = SystemName::Derived;

// name, alias, in the default dialect, in edgeHub, derived
constexpr SystemName kNames[] = {
    {"contentType", "", true, true, Derived::kContentType},
    {"contentEncoding", "", true, true, Derived::kContentEncoding},
    {"messageId", "", true, true},
    {"correlationId", "", true, true},
    {"userId", "", true, true},
    {"connectionDeviceId", "", true, true, Derived::kDeviceId},
    {"connectionModuleId", "", true, true},
    {"connectionDeviceGenerationId", "", true, true},
    {"connectionAuthMethod", "", true, true},
    {"enqueuedTime", "", true, true, Derived::kEnqueuedTime},
    {"dt-dataschema", "", true, false},
    {"dt-subject", "", true, true},
    {"creation-time-utc", "", true, false},
    {"to", "", true, true},
    {"ack", "", true, true},
    {"cid", "correlationId", false, true},
    {"creationTime", "creation-time-utc", false, true},
    {"inputName", "", false, true},
    {"outputName", "", false, true},
    {"messageSchema", "", false, true},
    {"absolute-expiry-time", "", false, true},
    {"messageType", "", false, true},
    {"operation", "", false, true},
    {"iothub-interface-id", "", false, true},
    {"modelId", "", false, true},
    {"edgeMessageId", "", false, true},
    {"edgeHubOriginInterface", "", false, true, Derived::kOrigin},
};

Value OrMissing(std::string_view text) {
  return text.data() == nullptr ? Value::Undefined(Reason::kPropertyMissing) : Value::String(text);
}

Value DerivedValue(const MessageView& message, Derived derived, TextScratch* scratch) {
  switch (derived) {
    case Derived::kContentType:
      return OrMissing(message.content_type);
    case Derived::kContentEncoding:
      return OrMissing(message.content_encoding);
    case Derived::kDeviceId:
      return message.device.empty() ? OrMissing({}) : Value::String(message.device);
    case Derived::kEnqueuedTime: {
      char* const text = scratch->Allocate(utc::kRfc3339Bytes);
      if (text == nullptr) return Value::Undefined(Reason::kTooLong);
      utc::WriteRfc3339(message.time_us, text);
      return Value::String({text, utc::kRfc3339Bytes});
    }
    case Derived::kOrigin:
      return Value::String(
          "downstream");  // what edgeHub calls every device that is no module of its own
    case Derived::kNone:
      break;
  }
  return OrMissing({});
}

}  // namespace

const SystemName* FindSystemName(std::string_view name, Profile profile) {
  for (const SystemName& known : kNames) {
    if (!(profile == Profile::kEdgeHub ? known.in_edgehub : known.in_default)) continue;
    if (EqualsIgnoringCase(name, known.name)) return &known;
  }
  return nullptr;
}

std::span<const SystemName> AllSystemNames() { return kNames; }

const PropertyView* FindProperty(std::span<const PropertyView> properties, std::string_view name) {
  for (size_t i = properties.size(); i > 0; --i) {
    if (EqualsIgnoringCase(properties[i - 1].name, name)) return &properties[i - 1];
  }
  return nullptr;
}

Value SystemProperty(const MessageView& message, std::string_view name, const SystemName* known,
                     TextScratch* scratch) {
  const PropertyView* found = FindProperty(message.system_properties, name);
  if (found == nullptr && known != nullptr && !known->alias.empty()) {
    found = FindProperty(message.system_properties, known->alias);
  }
  if (found != nullptr) return found->is_null ? Value::NullProperty() : Value::String(found->value);
  return DerivedValue(message, known == nullptr ? Derived::kNone : known->derived, scratch);
}

}  // namespace sluice::language
