#include "gateway/uplink/envelope.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "filters/json/base64.h"
#include "filters/json/utf8.h"
#include "filters/json/writer.h"

namespace sluice::uplink {
namespace {

using spool::Property;
using spool::RecordView;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kText = "text/plain";
constexpr std::string_view kBinary = "application/octet-stream";
constexpr std::string_view kUtf8 = "utf-8";

// Beyond this many, names are looked up in a set: a device may send thousands.
constexpr size_t kFewProperties = 16;

bool Has(std::span<const Property> properties, std::string_view name) {
  return std::any_of(properties.begin(), properties.end(),
                     [&](const Property& p) { return EqualsIgnoringCase(p.name, name); });
}

// The length of the UTF-8 character that `text` begins with; 0 where it begins with none.
size_t CharacterBytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t bytes = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return bytes <= text.size() && json::IsUtf8(text.substr(0, bytes)) ? bytes : 0;
}

// With U+FFFD for each byte that is no UTF-8. Slow, for what should not occur: topics and
// identities have been checked.
std::string Repair(std::string_view text) {
  std::string repaired;
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    repaired.append(bytes == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, bytes));
    text.remove_prefix(std::max<size_t>(bytes, 1));
  }
  return repaired;
}

void AppendString(std::string_view text, std::string* out) {
  if (json::IsUtf8(text)) {
    json::AppendString(text, out);
  } else {
    json::AppendString(Repair(text), out);
  }
}

void AppendNumber(uint64_t number, std::string* out) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  static_cast<void>(error);  // 20 digits hold every uint64_t
  out->append(digits, static_cast<size_t>(end - digits));
}

bool NamesUtf8(std::string_view encoding) { return EqualsIgnoringCase(encoding, kUtf8); }

}  // namespace

void EnvelopeWriter::AppendMember(const RecordView& record, std::string* out) {
  out->append("{\"id\":\"").append(EpochOf(record)).push_back('-');
  AppendNumber(record.id, out);
  out->append("\",\"device\":");
  AppendString(record.device, out);
  out->append(",\"topic\":");
  AppendString(record.topic, out);
  out->append(",\"time\":\"").append(time_text_.Format(record.time_us)).push_back('"');
  if (record.content_type.data() != nullptr) {
    out->append(",\"contentType\":");
    AppendString(record.content_type, out);
  }
  if (record.body_is_json) {
    out->append(",\"body\":").append(record.body);
  } else if (json::IsUtf8(record.body)) {
    out->append(",\"encoding\":\"text\",\"body\":");
    json::AppendString(record.body, out);
  } else {
    out->append(",\"encoding\":\"base64\",\"body\":\"");
    json::AppendBase64(record.body, out);
    out->push_back('"');
  }
  AppendProperties(record, out);
  out->push_back('}');
}

void EnvelopeWriter::AppendProperties(const RecordView& record, std::string* out) {
  const bool foreign_encoding =
      record.content_encoding.data() != nullptr && !NamesUtf8(record.content_encoding);
  const bool with_set = set_ == Set::kInMember && !record.hub_properties.empty();
  if (record.device_properties.empty() && record.system_properties.empty() && !foreign_encoding &&
      !with_set) {
    return;
  }
  const size_t begin = out->size();
  const auto append = [&](std::string_view name, const Property* value_of) {
    out->append(out->size() == begin ? ",\"properties\":{" : ",");
    AppendString(name, out);
    out->push_back(':');
    if (value_of->is_null) {
      out->append("null");
    } else {
      AppendString(value_of->value, out);
    }
  };
  const auto is_set = [&](std::string_view name) {
    return with_set && Has(record.hub_properties, name);
  };
  if (foreign_encoding && !is_set("contentEncoding")) {
    const Property encoding = {"contentEncoding", record.content_encoding};
    append(encoding.name, &encoding);
  }
  for (const Property& p : record.system_properties) {
    if (!is_set(p.name)) append(p.name, &p);
  }
  FindSurvivors(record);
  for (const size_t i : survivors_) {
    append(record.device_properties[i].name, &record.device_properties[i]);
  }
  if (with_set) {
    for (const Property& p : record.hub_properties) append(p.name, &p);
  }
  if (out->size() != begin) out->push_back('}');
}

void EnvelopeWriter::FillBag(const RecordView& record, PropertyBag* bag) {
  id_.assign(EpochOf(record)).push_back('-');
  AppendNumber(record.id, &id_);
  bag->AddSystem("$.mid", id_);

  const bool utf8 = record.body_is_json || json::IsUtf8(record.body);
  std::string_view type = record.content_type;
  if (type.data() == nullptr) type = record.body_is_json ? kJson : utf8 ? kText : kBinary;
  bag->AddSystem("$.ct", type);
  if (record.content_encoding.data() != nullptr) {
    bag->AddSystem("$.ce", record.content_encoding);
  } else if (utf8 && !EqualsIgnoringCase(type, kBinary)) {
    bag->AddSystem("$.ce", kUtf8);
  }

  bag->AddApplication("origin-device", record.device);
  bag->AddApplication("origin-topic", record.topic);
  bag->AddApplication("origin-time", time_text_.Format(record.time_us));
  const auto add = [&](std::string_view name, const Property& p) {
    if (name.empty()) {
      // No bag can say it: the hub closes the connection, and so on each resend.
    } else if (p.is_null) {
      bag->AddNull(name);
    } else {
      bag->AddApplication(name, p.value);
    }
  };
  for (const Property& p : record.system_properties) {
    const std::string_view key = SystemPropertyKey(p.name);
    if (key.empty()) {
      add(p.name, p);  // the device's own messageId, among others
    } else if (!p.is_null) {
      bag->AddSystem(key, p.value);
    }
  }
  FindSurvivors(record);
  for (const size_t i : survivors_) {
    add(record.device_properties[i].name, record.device_properties[i]);
  }
  for (const Property& p : record.hub_properties) add(p.name, p);
}

void EnvelopeWriter::FindSurvivors(const RecordView& record) {
  survivors_.clear();
  const std::span<const Property> all = record.device_properties;
  if (all.size() > kFewProperties) {
    FindSurvivorsOfMany(record);
    return;
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (Has(all.subspan(i + 1), all[i].name) || Has(record.hub_properties, all[i].name) ||
        Has(record.system_properties, all[i].name)) {
      continue;
    }
    survivors_.push_back(i);
  }
}

void EnvelopeWriter::FindSurvivorsOfMany(const RecordView& record) {
  absl::flat_hash_set<std::string> taken;
  const auto take = [&](std::string_view name) {
    std::string lower(name);
    absl::AsciiStrToLower(&lower);
    return taken.insert(std::move(lower)).second;
  };
  for (const Property& p : record.hub_properties) take(p.name);
  for (const Property& p : record.system_properties) take(p.name);
  for (size_t i = record.device_properties.size(); i-- > 0;) {
    if (take(record.device_properties[i].name)) survivors_.push_back(i);
  }
  std::reverse(survivors_.begin(), survivors_.end());
}

}  // namespace sluice::uplink
