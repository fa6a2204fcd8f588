// Content type and content encoding, parsed (message_view.h).
#include <algorithm>
#include <string_view>

#include "filters/language/message_view.h"
#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

constexpr std::string_view kJson = "application/json";

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whether one of the parameters (what follows the media type's semicolon) is charset=utf-8.
bool HasUtf8Charset(std::string_view parameters) {
  while (!parameters.empty()) {
    const size_t end = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = TrimBlanks(parameters.substr(0, end));
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos ||
        !EqualsIgnoringCase(parameter.substr(0, equals), "charset"))
      continue;
    std::string_view value = parameter.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return EqualsIgnoringCase(value, "utf-8");
  }
  return false;
}

BodyFormat::Type ParseType(std::string_view content_type) {
  if (content_type.data() == nullptr) return BodyFormat::Type::kUndeclared;
  if (EqualsIgnoringCase(content_type, kJson)) return BodyFormat::Type::kJson;
  const size_t semicolon = content_type.find(';');
  if (semicolon == std::string_view::npos) return BodyFormat::Type::kOther;
  if (!EqualsIgnoringCase(TrimBlanks(content_type.substr(0, semicolon)), kJson))
    return BodyFormat::Type::kOther;
  return HasUtf8Charset(content_type.substr(semicolon + 1)) ? BodyFormat::Type::kJsonUtf8Charset
                                                            : BodyFormat::Type::kOther;
}

BodyFormat::Encoding ParseEncoding(std::string_view content_encoding) {
  if (content_encoding.data() == nullptr) return BodyFormat::Encoding::kUndeclared;
  struct {
    std::string_view name;
    BodyFormat::Encoding encoding;
  } constexpr kKnown[] = {{"utf-8", BodyFormat::Encoding::kUtf8},
                          {"utf-16", BodyFormat::Encoding::kUtf16},
                          {"utf-32", BodyFormat::Encoding::kUtf32}};
  for (const auto& known : kKnown) {
    if (EqualsIgnoringCase(content_encoding, known.name)) return known.encoding;
  }
  return BodyFormat::Encoding::kOther;
}

}  // namespace

BodyFormat ParseBodyFormat(std::string_view content_type, std::string_view content_encoding) {
  return {ParseType(content_type), ParseEncoding(content_encoding)};
}

}  // namespace sluice::language
