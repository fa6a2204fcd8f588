#include "gateway/cloud/method_calls.h"

#include <algorithm>
#include <utility>

#include "filters/json/reader.h"
#include "filters/json/utf8.h"
#include "filters/json/writer.h"
#include "fmt/format.h"
#include "gateway/cloud/topic.h"

namespace sluice::cloud {
namespace {

constexpr size_t kMaxNameBytes = 64;  // of what is said back

bool IsJson(std::string_view text) {
  std::string_view value;
  json::Reader reader(text);
  return json::IsUtf8(text) && reader.ReadValue(&value) && reader.AtEnd();
}

uplink::DownlinkMessage Message(std::string_view request_id, Answer answer) {
  if (answer.payload.size() > MethodCalls::kMaxPayload) {
    answer = ErrorAnswer(
        413, fmt::format("the answer has {} bytes, and a method's has {} at most: ask for less",
                         answer.payload.size(), MethodCalls::kMaxPayload));
  }
  return {MethodAnswerTopic(answer.status, request_id), std::move(answer.payload)};
}

}  // namespace

Answer ErrorAnswer(int status, std::string_view text) {
  Answer answer{status, "{\"error\":"};
  json::AppendString(json::IsUtf8(text) ? text : "not UTF-8", &answer.payload);
  answer.payload += '}';
  return answer;
}

MethodCalls::MethodCalls(const Options& options, MethodTable methods,
                         std::function<void(uint64_t, Answer)> bring)
    : options_(options), methods_(std::move(methods)), bring_(std::move(bring)) {}

std::optional<Answer> MethodCalls::Refuse(std::string_view method, std::string_view payload) const {
  if (!methods_.allowed.contains(method)) {
    const auto& forbidden = methods_.forbidden;
    if (std::find(forbidden.begin(), forbidden.end(), method) != forbidden.end()) {
      return ErrorAnswer(
          403, fmt::format("this gateway does not allow '{0}': its operator can, by writing {0} "
                           "into cloud.methods",
                           method));
    }
    std::string names;
    for (const auto& [name, call] : methods_.allowed) names += (names.empty() ? "" : ", ") + name;
    return ErrorAnswer(404, fmt::format("there is no method '{}'; there is {}",
                                        method.substr(0, kMaxNameBytes), names));
  }
  if (payload.size() > kMaxPayload) return ErrorAnswer(413, "the payload is too large");
  if (!payload.empty() && !IsJson(payload)) return ErrorAnswer(400, "the payload is no JSON");
  if (under_way_.size() >= options_.most_under_way)
    return ErrorAnswer(429, "too many calls are under way: try again later");
  return std::nullopt;
}

std::optional<uplink::DownlinkMessage> MethodCalls::OnCall(std::string_view method,
                                                           std::string_view request_id,
                                                           std::string_view payload,
                                                           TimePoint now) {
  if (std::optional<Answer> refusal = Refuse(method, payload)) {
    return Message(request_id, *std::move(refusal));
  }
  const uint64_t number = ++last_number_;
  under_way_[number] = {std::string(request_id), now + options_.patience};
  methods_.allowed.find(method)->second(
      payload, [bring = bring_, number](Answer answer) { bring(number, std::move(answer)); });
  return std::nullopt;
}

std::optional<uplink::DownlinkMessage> MethodCalls::OnAnswer(uint64_t number, Answer answer) {
  const auto found = under_way_.find(number);
  if (found == under_way_.end()) return std::nullopt;
  const std::string request_id = std::move(found->second.request_id);
  under_way_.erase(found);
  return Message(request_id, std::move(answer));
}

std::optional<uplink::DownlinkMessage> MethodCalls::Expire(TimePoint now) {
  if (under_way_.empty() || now < under_way_.begin()->second.until) return std::nullopt;
  return OnAnswer(under_way_.begin()->first,
                  ErrorAnswer(504, "the gateway still works on it; its log tells how it ends"));
}

MethodCalls::TimePoint MethodCalls::NextWake() const {
  return under_way_.empty() ? TimePoint::max() : under_way_.begin()->second.until;
}

}  // namespace sluice::cloud
