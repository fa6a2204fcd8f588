#include "gateway/pipeline/record_line.h"

#include <algorithm>

#include "filters/json/base64.h"
#include "filters/json/utf8.h"
#include "filters/json/writer.h"
#include "filters/language/utf8.h"
#include "filters/utc/rfc3339.h"

namespace sluice::pipeline {
namespace {

// Foreign text that need not be UTF-8 (MQTT's is; IDs of certificates may not be): never breaks the
// line's JSON.
void AppendText(std::string_view text, std::string* out) {
  if (json::IsUtf8(text)) {
    json::AppendString(text, out);
    return;
  }
  std::string tame(text);
  for (char& c : tame) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';
  json::AppendString(tame, out);
}

void AppendMember(std::string_view key, std::string_view text, std::string* out) {
  out->append(",\"").append(key).append("\":");
  AppendText(text, out);
}

// Whether JSON can stand in a line as it is and is read back byte for byte: a string would be taken
// for the text in it, white space around would be lost, and a line feed would end the line.
bool CanStandAsItIs(std::string_view json) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  return !json.empty() && json.front() != '"' && !is_space(json.front()) &&
         !is_space(json.back()) && json.find('\n') == json.npos;
}

void AppendPair(std::string_view name, std::string_view value, bool is_null, const char** comma,
                std::string* out) {
  out->append(*comma);
  *comma = ",";
  AppendText(name, out);
  out->push_back(':');
  if (is_null) {
    out->append("null");
  } else {
    AppendText(value, out);
  }
}

}  // namespace

RecordLineWriter::RecordLineWriter(std::string_view epoch, std::string_view output)
    : start_("{\"id\":") {
  AppendText(epoch, &start_);
  start_.back() = '-';  // in place of the closing quote
  output_ = "\",\"output\":";
  AppendText(output, &output_);
}

void RecordLineWriter::Append(const spool::RecordView& record, std::string* out,
                              std::string_view reason) {
  if (record.epoch.empty()) {
    out->append(start_);
  } else {
    out->append("{\"id\":");
    AppendText(record.epoch, out);
    out->back() = '-';
  }
  json::AppendInteger(static_cast<int64_t>(record.id), out);
  out->append(output_);
  AppendMember("device", record.device, out);
  AppendMember("topic", record.topic, out);
  AppendBody(record, out);
  if (record.content_type.data() != nullptr) AppendMember("contentType", record.content_type, out);
  if (record.content_encoding.data() != nullptr)
    AppendMember("contentEncoding", record.content_encoding, out);
  AppendProperties(record, out);
  out->append(",\"time\":\"");
  utc::AppendRfc3339(record.time_us, out);
  out->push_back('"');
  if (!reason.empty()) AppendMember("reason", reason, out);
  out->append("}\n");
}

void RecordLineWriter::AppendBody(const spool::RecordView& record, std::string* out) {
  if (record.body_is_json && CanStandAsItIs(record.body)) {
    out->append(",\"payload\":").append(record.body);
  } else if (json::IsUtf8(record.body)) {
    out->append(",\"payload\":");
    json::AppendString(record.body, out);
  } else {
    out->append(",\"payloadBase64\":\"");
    json::AppendBase64(record.body, out);
    out->push_back('"');
  }
}

void RecordLineWriter::AppendProperties(const spool::RecordView& record, std::string* out) {
  const std::span<const spool::Property> set = record.hub_properties;
  if (!record.device_properties.empty() || !set.empty()) {
    properties_.clear();
    for (const spool::Property& property : record.device_properties) {
      properties_.push_back({property.name, property.value, property.is_null});
    }
    const auto is_set = [&](std::string_view name) {
      return std::any_of(set.begin(), set.end(), [&](const spool::Property& other) {
        return language::EqualsIgnoringCase(other.name, name);
      });
    };
    out->append(",\"properties\":{");
    const char* comma = "";
    for (const language::PropertyView& property : survivors_.Find(properties_, is_set)) {
      AppendPair(property.name, property.value, property.is_null, &comma, out);
    }
    for (const spool::Property& property : set)
      AppendPair(property.name, property.value, property.is_null, &comma, out);
    out->push_back('}');
  }
  if (record.system_properties.empty()) return;
  out->append(",\"systemProperties\":{");
  const char* comma = "";
  for (const spool::Property& property : record.system_properties) {
    AppendPair(property.name, property.value, property.is_null, &comma, out);
  }
  out->push_back('}');
}

}  // namespace sluice::pipeline
