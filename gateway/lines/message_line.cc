#include "gateway/lines/message_line.h"

#include <fmt/format.h>

#include <cassert>
#include <cstring>
#include <string>

#include "filters/json/base64.h"
#include "filters/json/reader.h"
#include "filters/json/unescape.h"
#include "filters/json/utf8.h"
#include "filters/json/writer.h"
#include "filters/utc/rfc3339.h"

namespace sluice::lines {

using language::MessageView;
using language::PropertyView;

// Reads one line into a message. Values without escapes stay where they are in the message's copy
// of the line; the others are written behind it. Together they are never longer than the line.
class LineParser {
 public:
  LineParser(std::string_view line, OwnedMessage* message) : message_(*message) {
    const size_t size = 2 * line.size() + language::kPayloadSlack;
    if (message_.buffer_.size() < size) message_.buffer_.resize(size);
    if (!line.empty()) std::memcpy(message_.buffer_.data(), line.data(), line.size());
    line_ = {message_.buffer_.data(), line.size()};
    free_ = message_.buffer_.data() + line.size();
    message_.properties_.clear();
    message_.system_properties_.clear();
    message_.view_ = {};
    message_.payload_member_ = {};
    message_.payload_is_base64_ = false;
    message_.has_time_ = false;
  }

  absl::Status Parse();

 private:
  using Reading = absl::Status (LineParser::*)(std::string_view raw);
  struct Member {
    std::string_view name;
    Reading read;
    bool null_is_absent = true;
  };
  static const Member kMembers[];

  absl::Status ReadMember(std::string_view key, std::string_view raw);
  absl::Status ReadDevice(std::string_view raw) { return ReadText("device", raw, &view().device); }
  absl::Status ReadTopic(std::string_view raw) { return ReadText("topic", raw, &view().topic); }
  absl::Status ReadPayload(std::string_view raw);
  absl::Status ReadPayloadBase64(std::string_view raw);
  absl::Status ReadContentType(std::string_view raw) {
    return ReadText("contentType", raw, &view().content_type);
  }
  absl::Status ReadContentEncoding(std::string_view raw) {
    return ReadText("contentEncoding", raw, &view().content_encoding);
  }
  absl::Status ReadProperties(std::string_view raw) {
    return ReadPropertyObject("properties", raw, &message_.properties_);
  }
  absl::Status ReadSystemProperties(std::string_view raw) {
    return ReadPropertyObject("systemProperties", raw, &message_.system_properties_);
  }
  absl::Status ReadTwin(std::string_view raw);
  absl::Status ReadQos(std::string_view raw);
  absl::Status ReadTime(std::string_view raw);

  absl::Status ReadText(std::string_view name, std::string_view raw, std::string_view* text);
  absl::Status ReadPropertyObject(std::string_view name, std::string_view raw,
                                  std::vector<PropertyView>* properties);
  bool Unescaped(std::string_view inside_quotes, std::string_view* text);
  absl::Status BadLine(const json::Reader& reader) const;

  MessageView& view() { return message_.view_; }

  OwnedMessage& message_;
  std::string_view line_;
  char* free_;
  uint32_t seen_ = 0;  // a bit for each of kMembers
};

namespace {

template <typename... Args>
absl::Status Error(fmt::format_string<Args...> format, Args&&... args) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Args>(args)...));
}

bool IsString(std::string_view raw) { return raw.front() == '"'; }

// For an error message: as much of a foreign text as helps.
std::string_view Start(std::string_view raw) { return raw.substr(0, 40); }

}  // namespace

const LineParser::Member LineParser::kMembers[] = {
    {"device", &LineParser::ReadDevice},
    {"topic", &LineParser::ReadTopic, false},
    {"payload", &LineParser::ReadPayload, false},
    {"payloadBase64", &LineParser::ReadPayloadBase64, false},
    {"contentType", &LineParser::ReadContentType},
    {"contentEncoding", &LineParser::ReadContentEncoding},
    {"properties", &LineParser::ReadProperties},
    {"systemProperties", &LineParser::ReadSystemProperties},
    {"twin", &LineParser::ReadTwin},
    {"qos", &LineParser::ReadQos},
    {"time", &LineParser::ReadTime},
};

absl::Status LineParser::BadLine(const json::Reader& reader) const {
  return Error("not JSON: {} at byte {}", reader.error(), reader.offset() + 1);
}

absl::Status LineParser::Parse() {
  if (!json::IsUtf8(line_)) return Error("not UTF-8");
  json::Reader reader(line_);
  std::string_view key, raw;
  if (!reader.BeginObject()) return BadLine(reader);
  while (reader.Next(&key)) {
    if (!reader.ReadValue(&raw)) break;
    if (absl::Status status = ReadMember(key, raw); !status.ok()) return status;
  }
  if (!reader.AtEnd()) return BadLine(reader);
  if (view().topic.data() == nullptr) return Error("no member 'topic'");
  if (message_.payload_member_.empty()) return Error("no member 'payload' or 'payloadBase64'");
  view().properties = message_.properties_;
  view().system_properties = message_.system_properties_;
  view().format = language::ParseBodyFormat(view().content_type, view().content_encoding);
  return absl::OkStatus();
}

absl::Status LineParser::ReadMember(std::string_view key, std::string_view raw) {
  for (size_t i = 0; i < std::size(kMembers); ++i) {
    const Member& member = kMembers[i];
    if (!json::UnescapedEquals(key, member.name)) continue;
    if ((seen_ & 1U << i) != 0) return Error("member '{}' stands twice", member.name);
    seen_ |= 1U << i;
    if (member.null_is_absent && raw == "null") return absl::OkStatus();
    return (this->*member.read)(raw);
  }
  return absl::OkStatus();
}

// False for half a surrogate pair.
bool LineParser::Unescaped(std::string_view inside_quotes, std::string_view* text) {
  if (std::memchr(inside_quotes.data(), '\\', inside_quotes.size()) == nullptr) {
    *text = inside_quotes;
    return true;
  }
  const std::optional<size_t> size = json::Unescape(inside_quotes, free_);
  if (!size) return false;
  *text = {free_, *size};
  free_ += *size;
  return true;
}

absl::Status LineParser::ReadText(std::string_view name, std::string_view raw,
                                  std::string_view* text) {
  if (!IsString(raw)) return Error("'{}' must be a string, not {}", name, Start(raw));
  if (!Unescaped(json::WithoutQuotes(raw), text))
    return Error("'{}' has half a surrogate pair", name);
  return absl::OkStatus();
}

absl::Status LineParser::ReadPayload(std::string_view raw) {
  if (!message_.payload_member_.empty()) return Error("both 'payload' and 'payloadBase64'");
  message_.payload_member_ = raw;
  if (IsString(raw)) return ReadText("payload", raw, &view().payload);
  view().payload = raw;
  return absl::OkStatus();
}

absl::Status LineParser::ReadPayloadBase64(std::string_view raw) {
  if (!message_.payload_member_.empty()) return Error("both 'payload' and 'payloadBase64'");
  message_.payload_member_ = raw;
  message_.payload_is_base64_ = true;
  char* const out =
      free_;  // where the text was unescaped to, if it had to be: then it is decoded in place
  std::string_view text;
  if (absl::Status status = ReadText("payloadBase64", raw, &text); !status.ok()) return status;
  const std::optional<size_t> size = json::DecodeBase64(text, out);
  if (!size) return Error("'payloadBase64' is no base64: {}", Start(raw));
  view().payload = {out, *size};
  free_ = out + *size;
  return absl::OkStatus();
}

absl::Status LineParser::ReadPropertyObject(std::string_view name, std::string_view raw,
                                            std::vector<PropertyView>* properties) {
  json::Reader reader(raw);
  if (!reader.BeginObject()) return Error("'{}' must be an object, not {}", name, Start(raw));
  std::string_view key, value;
  while (reader.Next(&key)) {
    if (!reader.ReadValue(&value)) break;
    PropertyView property;
    property.is_null = value == "null";
    if (!property.is_null && !IsString(value)) {
      return Error("'{}.{}' must be a string or null, not {}", name, Start(key), Start(value));
    }
    if (!Unescaped(key, &property.name) ||
        (!property.is_null && !Unescaped(json::WithoutQuotes(value), &property.value))) {
      return Error("'{}.{}' has half a surrogate pair", name, Start(key));
    }
    properties->push_back(property);
  }
  return absl::OkStatus();
}

absl::Status LineParser::ReadTwin(std::string_view raw) {
  if (raw.front() != '{') return Error("'twin' must be an object, not {}", Start(raw));
  view().twin = raw;
  return absl::OkStatus();
}

absl::Status LineParser::ReadQos(std::string_view raw) {
  if (raw.size() != 1 || raw[0] < '0' || raw[0] > '2')
    return Error("'qos' must be 0, 1 or 2, not {}", Start(raw));
  view().qos = static_cast<uint8_t>(raw[0] - '0');
  return absl::OkStatus();
}

absl::Status LineParser::ReadTime(std::string_view raw) {
  std::string_view text;
  if (absl::Status status = ReadText("time", raw, &text); !status.ok()) return status;
  const std::optional<int64_t> time = utc::ParseRfc3339(text);
  if (!time) return Error("'time' is no RFC 3339 time: {}", Start(raw));
  view().time_us = *time;
  message_.has_time_ = true;
  return absl::OkStatus();
}

absl::Status ParseMessageLine(std::string_view line, OwnedMessage* message) {
  return LineParser(line, message).Parse();
}

}  // namespace sluice::lines
