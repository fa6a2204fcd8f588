#include "gateway/commands/routing_cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/expression.h"

namespace sluice::commands {
namespace {

using Json = nlohmann::json;

// The text in the encoding's little-endian units, `width` bytes each. nlohmann has checked that it
// is UTF-8.
std::string EncodeUnits(std::string_view utf8, size_t width) {
  std::string out;
  const auto put = [&out, width](uint32_t unit) {
    for (size_t i = 0; i < width; ++i) out.push_back(static_cast<char>(unit >> (8 * i) & 0xFF));
  };
  for (size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t code_point = size == 1 ? lead : lead & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; ++i) {
      code_point = code_point << 6 | (static_cast<unsigned char>(utf8[at + i]) & 0x3F);
    }
    at += size;
    if (width == 2 && code_point >= 0x10000) {
      put(0xD800 + ((code_point - 0x10000) >> 10));
      put(0xDC00 + ((code_point - 0x10000) & 0x3FF));
    } else {
      put(code_point);
    }
  }
  return out;
}

std::string EncodeBody(const Json& message, const std::string& encoding) {
  if (message.contains("bodyRaw")) return message.at("bodyRaw").get<std::string>();
  std::string text = message.at("body").dump();
  if (encoding == "utf-16") return EncodeUnits(text, 2);
  if (encoding == "utf-32") return EncodeUnits(text, 4);
  return text;
}

void ReadProperties(const Json& object, std::vector<CaseProperty>* properties) {
  for (const auto& [name, value] : object.items()) {
    const bool is_null = value.is_null();
    properties->push_back({name, is_null ? std::string() : value.get<std::string>(), is_null});
  }
}

// Throws where the object has another shape.
RoutingCase ReadCase(const Json& object) {
  RoutingCase result;
  result.id = object.at("id").get<std::string>();
  result.why = object.value("why", "");
  result.query = object.at("query").get<std::string>();
  result.value = object.at("value").get<std::string>();
  result.profiles = object.at("profiles").get<std::vector<std::string>>();
  const Json& message = object.at("message");
  result.has_content_type = !message.at("contentType").is_null();
  if (result.has_content_type) result.content_type = message.at("contentType").get<std::string>();
  result.has_content_encoding = !message.at("contentEncoding").is_null();
  if (result.has_content_encoding)
    result.content_encoding = message.at("contentEncoding").get<std::string>();
  ReadProperties(message.at("appProperties"), &result.properties);
  ReadProperties(message.at("systemProperties"), &result.system_properties);
  if (message.contains("twin")) result.twin = message.at("twin").dump();
  result.body = EncodeBody(message, result.content_encoding);
  return result;
}

std::vector<language::PropertyView> Views(const std::vector<CaseProperty>& properties) {
  std::vector<language::PropertyView> views;
  views.reserve(properties.size());
  for (const CaseProperty& property : properties) {
    views.push_back({property.name, property.value, property.is_null});
  }
  return views;
}

}  // namespace

bool RoutingCase::IsOf(const std::string& profile) const {
  return std::find(profiles.begin(), profiles.end(), profile) != profiles.end();
}

absl::StatusOr<std::vector<RoutingCase>> LoadRoutingCases(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(fmt::format("{}: cannot be read", path));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<RoutingCase> cases;
  try {
    for (const Json& object : Json::parse(text)) cases.push_back(ReadCase(object));
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(
        fmt::format("{}: case {}: {}", path, cases.size() + 1, error.what()));
  }
  return cases;
}

std::string JudgeCase(const RoutingCase& routing_case, language::Profile profile) {
  language::FieldPaths paths;
  language::ExpressionOptions options;
  options.profile = profile;
  options.paths = &paths;
  language::Diagnostics diagnostics;
  const std::optional<language::Expression> condition =
      language::CompileCondition(routing_case.query, options, &diagnostics);
  if (!condition) return "error";

  std::string payload = routing_case.body;
  payload.append(language::kPayloadSlack, '\0');
  const std::vector<language::PropertyView> properties = Views(routing_case.properties);
  const std::vector<language::PropertyView> system_properties =
      Views(routing_case.system_properties);
  language::MessageView message;
  message.payload = std::string_view(payload).substr(0, routing_case.body.size());
  if (routing_case.has_content_type) message.content_type = routing_case.content_type;
  if (routing_case.has_content_encoding) message.content_encoding = routing_case.content_encoding;
  message.format = language::ParseBodyFormat(message.content_type, message.content_encoding);
  message.properties = properties;
  message.system_properties = system_properties;
  message.twin = routing_case.twin;

  language::BodyReader body(paths.body, {profile, false});
  body.Read(message);
  language::Evaluator evaluator(paths);
  language::EvaluationInput input;
  input.message = &message;
  input.body = &body;
  evaluator.Start(input);
  switch (evaluator.Judge(*condition)) {
    case language::Truth::kTrue:
      return "true";
    case language::Truth::kFalse:
      return "false";
    case language::Truth::kUndefined:
      break;
  }
  return "undefined";
}

}  // namespace sluice::commands
