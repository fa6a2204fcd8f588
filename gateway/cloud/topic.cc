#include "gateway/cloud/topic.h"

#include <charconv>

#include "fmt/format.h"

namespace sluice::cloud {
namespace {

constexpr size_t kMaxRequestId = 256;

bool Skip(std::string_view prefix, std::string_view* text) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}

// What stands before `end`, which is passed over.
std::optional<std::string_view> Until(std::string_view end, std::string_view* text) {
  const size_t at = text->find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view found = text->substr(0, at);
  text->remove_prefix(at + end.size());
  return found;
}

template <typename T>
bool ReadNumber(std::string_view text, T* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// Of the bag behind "/?".
std::optional<std::string_view> ValueOf(std::string_view name, std::string_view bag) {
  while (!bag.empty()) {
    const size_t end = std::min(bag.find('&'), bag.size());
    std::string_view pair = bag.substr(0, end);
    bag.remove_prefix(std::min(end + 1, bag.size()));
    if (Skip(name, &pair) && Skip("=", &pair)) return pair;
  }
  return std::nullopt;
}

bool ReadRequestId(std::string_view bag, TopicView* view) {
  const std::optional<std::string_view> id = ValueOf("$rid", bag);
  if (!id || id->empty() || id->size() > kMaxRequestId) return false;
  for (const char c : *id) {
    if (c <= ' ' || c == 0x7f || c == '+' || c == '#' || c == '/') return false;
  }
  view->request_id = *id;
  return true;
}

}  // namespace

std::optional<TopicView> ParseTopic(std::string_view topic) {
  TopicView view;
  if (Skip("$iothub/twin/res/", &topic)) {
    view.kind = TopicView::Kind::kTwinAnswer;
    const std::optional<std::string_view> status = Until("/?", &topic);
    if (!status || !ReadNumber(*status, &view.status) || !ReadRequestId(topic, &view))
      return std::nullopt;
    return view;
  }
  if (Skip("$iothub/twin/PATCH/properties/desired/?", &topic)) {
    view.kind = TopicView::Kind::kDesiredChange;
    const std::optional<std::string_view> version = ValueOf("$version", topic);
    if (!version || !ReadNumber(*version, &view.version)) return std::nullopt;
    return view;
  }
  if (Skip("$iothub/methods/POST/", &topic)) {
    view.kind = TopicView::Kind::kMethodCall;
    const std::optional<std::string_view> method = Until("/?", &topic);
    if (!method || !ReadRequestId(topic, &view)) return std::nullopt;
    view.method = *method;
    return view;
  }
  return std::nullopt;
}

std::string TwinReadTopic(uint64_t request_id) {
  return fmt::format("$iothub/twin/GET/?$rid={}", request_id);
}

std::string TwinReportTopic(uint64_t request_id) {
  return fmt::format("$iothub/twin/PATCH/properties/reported/?$rid={}", request_id);
}

std::string MethodAnswerTopic(int status, std::string_view request_id) {
  return fmt::format("$iothub/methods/res/{}/?$rid={}", status, request_id);
}

}  // namespace sluice::cloud
