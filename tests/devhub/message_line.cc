#include "tests/devhub/message_line.h"

#include "filters/json/base64.h"
#include "filters/json/reader.h"
#include "filters/json/utf8.h"
#include "filters/json/writer.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : out_(*out) { out_ += '{'; }
  ~ObjectWriter() { out_ += '}'; }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  std::string* Value(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    json::AppendString(name, &out_);
    out_ += ':';
    return &out_;
  }
  void Text(std::string_view name, std::string_view text) { json::AppendString(text, Value(name)); }
  void TextOrNull(std::string_view name, std::string_view text, bool is_null) {
    if (is_null) {
      *Value(name) += "null";
    } else {
      Text(name, text);
    }
  }

 private:
  std::string& out_;
  bool first_ = true;
};

bool SaysJson(const MessageProperties& properties) {
  for (const Property& property : properties.system) {
    if (property.name != "contentType") continue;
    std::string_view type = property.value;
    type = type.substr(0, type.find(';'));
    while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
    return EqualsIgnoringCase(type, "application/json");
  }
  return false;
}

// One JSON value other than a string, which can stand in a line as it is.
bool IsEmbeddable(std::string_view body) {
  json::Reader reader(body);
  if (reader.Peek() == json::Kind::kString) return false;
  std::string_view value;
  return reader.ReadValue(&value) && reader.AtEnd() && value.size() == body.size() &&
         body.find('\n') == body.npos && body.find('\r') == body.npos;
}

void AppendPayload(const MessageProperties& properties, std::string_view payload,
                   ObjectWriter* line) {
  if (!json::IsUtf8(payload)) {
    std::string* out = line->Value("payloadBase64");
    *out += '"';
    json::AppendBase64(payload, out);
    *out += '"';
  } else if (SaysJson(properties) && IsEmbeddable(payload)) {
    *line->Value("payload") += payload;
  } else {
    line->Text("payload", payload);
  }
}

void AppendSystemProperties(const Stamp& stamp, const MessageProperties& properties,
                            std::string_view enqueued_time, std::string* out) {
  ObjectWriter system(out);
  for (const Property& property : properties.system) {
    system.TextOrNull(property.name, property.value, property.is_null);
  }
  system.Text("connectionDeviceId", stamp.identity.device);
  if (!stamp.identity.module.empty()) system.Text("connectionModuleId", stamp.identity.module);
  system.Text("connectionDeviceGenerationId",
              "1");  // identities are not recreated while this hub runs
  system.Text("connectionAuthMethod", stamp.auth_method);
  system.Text("enqueuedTime", enqueued_time);
  if (!stamp.model_id.empty()) system.Text("dt-dataschema", stamp.model_id);
}

}  // namespace

void AppendMessageLine(const Stamp& stamp, const MessageProperties& properties,
                       std::string_view payload, std::string_view enqueued_time, uint64_t blocks,
                       std::string* out) {
  {
    ObjectWriter line(out);
    line.Text("device", stamp.identity.device);
    line.TextOrNull("module", stamp.identity.module, stamp.identity.module.empty());
    {
      ObjectWriter application(line.Value("properties"));
      for (const Property& property : properties.application) {
        application.TextOrNull(property.name, property.value, property.is_null);
      }
    }
    AppendSystemProperties(stamp, properties, enqueued_time, line.Value("systemProperties"));
    AppendPayload(properties, payload, &line);
    line.Text("enqueuedTime", enqueued_time);
    json::AppendInteger(static_cast<int64_t>(blocks), line.Value("blocks"));
  }
  *out += '\n';
}

}  // namespace sluice::devhub
