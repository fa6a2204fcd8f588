// Whatever condition, body and properties are: judging ends, in both dialects alike each time; the
// body's verdict is that of a second judge of RFC 8259, whatever members are wanted; texts that
// come out are UTF-8.
//
// The input is five parts with a byte 0xFF between them: a byte of choices and the condition, the
// body, two properties, the twin.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/expression.h"
#include "filters/language/json_reader.h"
#include "filters/language/utf8.h"
#include "tests/filters/language/strict_json.h"

namespace {

using namespace sluice::language;  // NOLINT(google-build-using-namespace): a fuzz target, nothing
                                   // includes it

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string_view NextPart(std::string_view* rest) {
  const size_t end = rest->find('\xFF');
  const std::string_view part = rest->substr(0, end);
  *rest = end == std::string_view::npos ? std::string_view() : rest->substr(end + 1);
  return part;
}

JsonReader::Verdict Expected(std::string_view text) {
  switch (StrictJson::Judge(text, kMaxJsonDepth)) {
    case StrictJson::Verdict::kBad:
      return JsonReader::Verdict::kBad;
    case StrictJson::Verdict::kTooDeep:
      return JsonReader::Verdict::kLimit;
    case StrictJson::Verdict::kSound:
      break;
  }
  return text[text.find_first_not_of(" \t\r\n")] == '{' ? JsonReader::Verdict::kObject
                                                        : JsonReader::Verdict::kNotObject;
}

void CheckVerdict(std::string_view text, const JsonPaths& wanted) {
  JsonReader reader(wanted);
  const JsonReader::Verdict verdict = reader.Read(text);
  const JsonReader::Verdict expected = Expected(text);
  // A text that is both too deep and wrong elsewhere may be called either.
  const bool either =
      expected == JsonReader::Verdict::kLimit && verdict == JsonReader::Verdict::kBad;
  Require(verdict == expected || either);
  Require(reader.error_offset() <= text.size());
  const JsonPaths nothing;
  Require(JsonReader(nothing).Read(text) == verdict);
}

void CheckValue(const Value& value, bool input_is_utf8) {
  if (value.is_string() && input_is_utf8)
    Require(Utf8ErrorOffset(value.string()) == value.string().size());
  if (value.is_number()) Require(value.number() == value.number());
  NumberText buffer;
  PropertyText(value, &buffer);
}

void Judge(std::string_view query, const MessageView& message, Profile profile, bool assume_json,
           bool input_is_utf8) {
  const TopicName names[] = {{"line", 1}};
  FieldPaths paths;
  ExpressionOptions options;
  options.profile = profile;
  options.topic_names = names;
  options.paths = &paths;
  Diagnostics diagnostics;
  const std::optional<Expression> condition = CompileCondition(query, options, &diagnostics);
  CheckVerdict(message.payload, paths.body);
  CheckVerdict(message.twin, paths.twin);
  if (!condition) return;
  BodyReader body(paths.body, {profile, assume_json});
  Evaluator evaluator(paths);
  std::optional<Truth> first;
  for (int round = 0; round < 2; ++round) {
    body.Read(message);
    evaluator.Start({&message, &body});
    const Value value = evaluator.Evaluate(*condition);
    CheckValue(value, input_is_utf8);
    Require(!first || *first == ToTruth(value));
    first = ToTruth(value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const uint8_t choices = data[0];
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string_view query = NextPart(&rest);
  const std::string_view body = NextPart(&rest);
  const std::string_view first_value = NextPart(&rest);
  const std::string_view second_value = NextPart(&rest);
  const std::string_view twin = NextPart(&rest);

  // A block of exactly the promised slack, so that AddressSanitizer sees what reads beyond it.
  const auto payload = std::make_unique<char[]>(body.size() + kPayloadSlack);
  if (!body.empty()) std::memcpy(payload.get(), body.data(), body.size());
  const PropertyView properties[] = {{"a", first_value}, {"$b", second_value}, {"c", {}, true}};
  const PropertyView system_properties[] = {{"messageId", second_value}};
  constexpr std::string_view kEncodings[] = {"utf-8", "utf-16", "UTF-32", "gzip"};
  MessageView message;
  message.device = "device-1";
  message.topic = "plant/line/x";
  message.payload = {payload.get(), body.size()};
  message.twin = twin;
  if (choices & 4)
    message.content_type = choices & 8 ? "application/json;charset=utf-8" : "application/json";
  if (choices & 16) message.content_encoding = kEncodings[choices & 3];
  message.format = ParseBodyFormat(message.content_type, message.content_encoding);
  message.properties = properties;
  message.system_properties = system_properties;
  message.time_us = 1'700'000'000'000'000;

  const bool input_is_utf8 = Utf8ErrorOffset(first_value) == first_value.size() &&
                             Utf8ErrorOffset(second_value) == second_value.size();
  Judge(query, message, Profile::kDefault, choices & 32, input_is_utf8);
  Judge(query, message, Profile::kEdgeHub, choices & 32, input_is_utf8);
  return 0;
}
