#include "filters/language/system_names.h"

#include "filters/language/text_scratch.h"
#include "filters/language/utf8.h"

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

// yyyy-MM-ddTHH:mm:ss.fffZ; years beyond 9999 take more digits. Days to civil date after Howard
// Hinnant.
size_t FormatUtc(int64_t time_us, char* out) {
  constexpr int64_t kMillisPerDay = 86'400'000;
  const auto floor_div = [](int64_t a, int64_t b) { return a / b - (a % b < 0); };
  const int64_t millis = floor_div(time_us, 1000);
  const int64_t days = floor_div(millis, kMillisPerDay) + 719'468;
  const auto in_day =
      static_cast<uint64_t>(millis - floor_div(millis, kMillisPerDay) * kMillisPerDay);
  const int64_t era = floor_div(days, 146'097);
  const auto day_of_era = static_cast<uint64_t>(days - era * 146'097);
  const uint64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const uint64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint64_t shifted_month = (5 * day_of_year + 2) / 153;  // from March
  const uint64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  int64_t year = static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2);

  char* end = out;
  const auto put = [&end](uint64_t value, int digits) {
    char reversed[24];
    int size = 0;
    for (; value > 0 || size < digits; value /= 10)
      reversed[size++] = static_cast<char>('0' + value % 10);
    while (size > 0) *end++ = reversed[--size];
  };
  if (year < 0) {
    *end++ = '-';
    year = -year;
  }
  put(static_cast<uint64_t>(year), 4);
  *end++ = '-';
  put(month, 2);
  *end++ = '-';
  put(day_of_year - (153 * shifted_month + 2) / 5 + 1, 2);
  *end++ = 'T';
  put(in_day / 3'600'000, 2);
  *end++ = ':';
  put(in_day / 60'000 % 60, 2);
  *end++ = ':';
  put(in_day / 1000 % 60, 2);
  *end++ = '.';
  put(in_day % 1000, 3);
  *end++ = 'Z';
  return static_cast<size_t>(end - out);
}

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
      constexpr size_t kRoom = 64;
      char* const text = scratch->Allocate(kRoom);
      if (text == nullptr) return Value::Undefined(Reason::kTooLong);
      const size_t size = FormatUtc(message.time_us, text);
      scratch->GiveBack(kRoom - size);
      return Value::String({text, size});
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
