// What the tests of the language say in one line: judge this condition on this message.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/body.h"
#include "filters/language/evaluate.h"
#include "filters/language/expression.h"
#include "filters/language/message_view.h"

namespace sluice::language {

inline constexpr Profile kDefault = Profile::kDefault;
inline constexpr Profile kEdgeHub = Profile::kEdgeHub;

// A message with everything a condition can read. Its body is JSON in UTF-8 unless a test says
// otherwise.
struct TestMessage {
  std::string body = "{}";
  std::optional<std::string> content_type = "application/json";
  std::optional<std::string> content_encoding = "utf-8";
  std::vector<PropertyView> properties;
  std::vector<PropertyView> system_properties;
  std::string twin;
  std::string topic = "plant/line2/press-03/telemetry";
  std::string device = "press-03";
  int64_t time_us = 1'700'000'000'250'000;
  bool assume_json = false;

  // The payload in a block of its own, so that AddressSanitizer sees what reads beyond its slack.
  MessageView View() {
    payload_ = body;
    payload_.append(kPayloadSlack, '\0');
    MessageView view;
    view.payload = std::string_view(payload_).substr(0, body.size());
    if (content_type) view.content_type = *content_type;
    if (content_encoding) view.content_encoding = *content_encoding;
    view.format = ParseBodyFormat(view.content_type, view.content_encoding);
    view.properties = properties;
    view.system_properties = system_properties;
    view.twin = twin;
    view.topic = topic;
    view.device = device;
    view.time_us = time_us;
    return view;
  }

 private:
  std::string payload_;
};

inline std::string Text(Truth truth) {
  return truth == Truth::kTrue ? "true" : truth == Truth::kFalse ? "false" : "undefined";
}

inline const std::vector<TopicName>& TestTopicNames() {
  static const std::vector<TopicName> names = {{"line", 1}, {"unit", 2}, {"beyond", 9}};
  return names;
}

inline std::optional<Expression> TryCompile(std::string_view query, Profile profile,
                                            FieldPaths* paths, Diagnostics* diagnostics) {
  ExpressionOptions options;
  options.profile = profile;
  options.topic_names = TestTopicNames();
  options.paths = paths;
  return CompileCondition(query, options, diagnostics);
}

// true, false, undefined; error where the condition does not compile.
inline std::string Judge(std::string_view query, TestMessage& message, Profile profile = kDefault) {
  FieldPaths paths;
  Diagnostics diagnostics;
  const std::optional<Expression> condition = TryCompile(query, profile, &paths, &diagnostics);
  if (!condition) return HasErrors(diagnostics) ? "error" : "nothing, and no error";
  const MessageView view = message.View();
  BodyReader body(paths.body, {profile, message.assume_json});
  body.Read(view);
  Evaluator evaluator(paths);
  evaluator.Start({&view, &body});
  return Text(evaluator.Judge(*condition));
}

inline std::string Judge(std::string_view query, Profile profile = kDefault) {
  TestMessage message;
  return Judge(query, message, profile);
}

// Why the whole expression is undefined.
inline Reason ReasonOf(std::string_view query, TestMessage& message, Profile profile = kDefault) {
  FieldPaths paths;
  Diagnostics diagnostics;
  const std::optional<Expression> condition = TryCompile(query, profile, &paths, &diagnostics);
  if (!condition) return Reason::kNone;
  const MessageView view = message.View();
  BodyReader body(paths.body, {profile, message.assume_json});
  body.Read(view);
  Evaluator evaluator(paths);
  evaluator.Start({&view, &body});
  return evaluator.Evaluate(*condition).reason();
}

}  // namespace sluice::language
