// Whatever a hub says, twin and methods go on: each call has at most one answer, which is JSON, and
// nothing is sent that is not asked for.
//
// Input: messages, each a line of the topic and a line of the payload.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "filters/json/reader.h"
#include "gateway/cloud/desired_sections.h"
#include "gateway/cloud/method_calls.h"
#include "gateway/cloud/topic.h"
#include "gateway/cloud/twin_sync.h"

namespace {

using namespace sluice::cloud;

constexpr std::string_view kKnown[] = {"rules", "limits"};

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireJson(std::string_view text) {
  std::string_view value;
  sluice::json::Reader reader(text);
  Require(text.empty() || (reader.ReadValue(&value) && reader.AtEnd()));
}

void RequireAnswer(const std::optional<sluice::uplink::DownlinkMessage>& message) {
  if (!message) return;
  Require(message->topic.find_first_of("+#") == std::string::npos);
  Require(message->payload.size() <= MethodCalls::kMaxPayload);
  RequireJson(message->payload);
}

std::string_view Line(std::string_view* input) {
  const size_t end = std::min(input->find('\n'), input->size());
  const std::string_view line = input->substr(0, end);
  input->remove_prefix(std::min(end + 1, input->size()));
  return line;
}

void Follow(const Desired& desired) {
  RequireJson(desired.section);
  std::vector<Fault> faults;
  const std::vector<SectionText> sections =
      ReadSections(desired.section, kKnown, {"rules"}, &faults);
  Require(sections.size() <= 1);
  DesiredState state;
  state.faults = std::move(faults);
  const std::string patch = ReportedPatch({}, state);
  RequireJson(patch);
  Require(patch.size() < 32 << 10);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  TwinSync::TimePoint now(std::chrono::hours(1));
  TwinSync twin(
      {}, [] { return 0.5; }, [] { return "{}"; });
  std::vector<std::pair<uint64_t, Answer>> brought;
  MethodTable methods;
  methods.allowed["echo"] = [](std::string_view payload, const Reply& reply) {
    RequireJson(payload);
    reply({200, std::string(payload)});
  };
  MethodCalls calls({}, std::move(methods), [&](uint64_t number, Answer answer) {
    brought.emplace_back(number, std::move(answer));
  });
  twin.OnUp(now);
  while (!input.empty()) {
    sluice::uplink::DownlinkMessage request;
    while (twin.Next(now, &request)) Require(request.topic.starts_with("$iothub/twin/"));
    now += std::chrono::seconds(7);
    const std::string_view line = Line(&input);
    const std::string_view payload = Line(&input);
    const std::optional<TopicView> topic = ParseTopic(line);
    if (!topic) continue;
    switch (topic->kind) {
      case TopicView::Kind::kTwinAnswer:
        twin.OnAnswer(topic->status, topic->request_id, payload, now);
        break;
      case TopicView::Kind::kDesiredChange:
        twin.OnDesiredChange(topic->version);
        break;
      case TopicView::Kind::kMethodCall:
        RequireAnswer(calls.OnCall(topic->method, topic->request_id, payload, now));
        break;
    }
    if (const std::optional<Desired> desired = twin.TakeDesired()) Follow(*desired);
  }
  for (auto& [number, answer] : brought) {
    RequireAnswer(calls.OnAnswer(number, answer));
    Require(!calls.OnAnswer(number, answer));
  }
  return 0;
}
