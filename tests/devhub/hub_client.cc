#include "tests/devhub/hub_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/mqtt/ack.h"
#include "tests/devhub/conversation.h"
#include "tests/devhub/query.h"
#include "tests/devhub/text.h"
#include "tests/devhub/twin.h"

namespace sluice::devhub {
namespace {

constexpr size_t kMostMethodReplyBytes = 128 << 10;  // section 10

Failure BadTopic(std::string_view topic) {
  return {kBadTopic, fmt::format("\"{}\"", Printable(topic))};
}

template <typename Integer>
bool ParseInteger(std::string_view text, Integer* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

HubClient::HubClient(Hub& hub, Conversation& conversation, Stamp stamp, bool clean_session)
    : hub_(hub),
      conversation_(conversation),
      stamp_(std::move(stamp)),
      client_id_(stamp_.identity.ClientId()),
      clean_session_(clean_session),
      topics_(stamp_.identity, hub.registry().is_basic(), hub.registry().is_edge_hub()),
      telemetry_(hub, stamp_, conversation.output()) {}

std::optional<Failure> HubClient::TakeWill(const mqtt::WillView& will) {
  std::string_view bag;
  if (will.qos == 2) return Failure{kBadQos, "a will of QoS 2"};
  if (topics_.MatchPublish(will.topic, &bag) != PublishKind::kTelemetry) {
    return Failure{kBadTopic, fmt::format("a will to \"{}\"", Printable(will.topic))};
  }
  return telemetry_.TakeWill(will, bag);
}

bool HubClient::Enter() {
  bool present = false;
  session_ = hub_.Enter(this, clean_session_, &present);
  queue_ = &hub_.cloud().QueueOf(identity());
  // Section 3: 1 forgets what is queued. A module's inputs stand in edgeHub's store, not in a
  // session.
  if (clean_session_ && identity().module.empty()) queue_->Purge();
  downlink_.emplace(identity(), session_->subscriptions, conversation_.output());
  return present;
}

void HubClient::Close(const HubError& error, std::string_view detail) {
  conversation_.Close(error, detail);
}

void HubClient::OnEnd(bool politely) {
  if (!politely) {
    if (const HubError* refused = telemetry_.PublishWill()) {
      hub_.Report(*refused, client_id_, conversation_.address(), "its will");
    }
  }
  hub_.Leave(this);
  session_ = nullptr;
}

bool HubClient::MaySubscribe(std::string_view filter) const {
  if (topics_.MaySubscribe(filter)) return true;
  if (!hub_.registry().is_edge_hub()) return false;
  // edgeHub ignores what it does not know, with a log line (edge-module.md, section 4).
  hub_.Report(kIgnoredFilter, client_id_, conversation_.address(),
              fmt::format("subscription \"{}\"", Printable(filter)));
  return true;
}

bool HubClient::InvokeMethod(std::string_view name, uint64_t rid, std::string_view payload) {
  const bool sent = downlink_->MethodRequest(name, rid, payload);
  conversation_.Wake();
  return sent;
}

void HubClient::NotifyDesired(uint64_t version, std::string_view payload) {
  downlink_->DesiredChange(version, payload);  // one that is not there reads the twin later
  conversation_.Wake();
}

void HubClient::DeliverMessages() {
  const int64_t steady_us = hub_.clock().SteadyMicros();
  queue_->Expire(hub_.clock().UnixMicros(), steady_us);
  downlink_->Deliver(queue_, steady_us);
  conversation_.Wake();
}

std::optional<Failure> HubClient::OnPublish(const mqtt::PublishView& publish) {
  std::string_view rest;
  const std::optional<PublishKind> kind = topics_.MatchPublish(publish.topic, &rest);
  if (!kind) return BadTopic(publish.topic);
  if (*kind == PublishKind::kTelemetry) return telemetry_.OnPublish(publish, rest);
  std::optional<Failure> failure;
  switch (*kind) {
    case PublishKind::kTwinGet:
      failure = OnTwinGet(rest);
      break;
    case PublishKind::kTwinReport:
      failure = OnTwinReport(rest, publish.payload);
      break;
    case PublishKind::kMethodResult:
      failure = OnMethodResult(rest, publish.payload);
      break;
    case PublishKind::kTelemetry:
      break;
  }
  if (failure) return Failure{failure->error, failure->detail + " " + Printable(publish.topic)};
  Acknowledge(publish.packet_id);
  return std::nullopt;
}

void HubClient::Acknowledge(uint16_t packet_id) {
  if (packet_id == 0) return;
  char ack[mqtt::kMaxPlainAck];
  conversation_.output()->append(
      ack, mqtt::EncodePlainAck(mqtt::PacketType::kPuback, mqtt::Version::k311, packet_id,
                                mqtt::Reason::kSuccess, ack));
}

std::optional<Failure> HubClient::RefuseTwin(std::string_view rid) {
  hub_.Report(kThrottled, client_id_, conversation_.address(), "its twin, answered 429");
  downlink_->TwinAnswer(429, rid, std::nullopt, "");
  return std::nullopt;
}

std::optional<Failure> HubClient::OnTwinGet(std::string_view query) {
  const std::optional<std::string_view> rid = QueryValue(query, "$rid");
  if (!rid) return Failure{kBadTopic, "no $rid:"};
  const std::string twin = hub_.cloud().TwinOf(identity()).ForClient();
  TierLimits* limits = hub_.limits();
  if ((limits != nullptr && !limits->TakeTwinRead(hub_.clock().SteadyMicros())) ||
      !hub_.Bill(twin.size())) {
    return RefuseTwin(*rid);
  }
  downlink_->TwinAnswer(200, *rid, std::nullopt, twin);
  return std::nullopt;
}

std::optional<Failure> HubClient::OnTwinReport(std::string_view query, std::string_view patch) {
  const std::optional<std::string_view> rid = QueryValue(query, "$rid");
  if (!rid) return Failure{kBadTopic, "no $rid:"};
  TierLimits* limits = hub_.limits();
  if ((limits != nullptr && !limits->TakeTwinUpdate(hub_.clock().SteadyMicros())) ||
      !hub_.Bill(patch.size())) {
    return RefuseTwin(*rid);
  }
  Twin& twin = hub_.cloud().TwinOf(identity());
  const absl::Status status = twin.Report(patch);
  if (status.ok()) {
    downlink_->TwinAnswer(204, *rid, twin.reported_version(), "");
    return std::nullopt;
  }
  hub_.Report(kBadTwinPatch, client_id_, conversation_.address(), std::string(status.message()));
  downlink_->TwinAnswer(400, *rid, std::nullopt, "");
  return std::nullopt;
}

std::optional<Failure> HubClient::OnMethodResult(std::string_view rest, std::string_view payload) {
  const size_t slash = rest.find('/');
  const auto rid = slash == rest.npos ? std::nullopt : QueryValue(rest.substr(slash + 1), "$rid");
  MethodResult result;
  if (!rid || !ParseInteger(rest.substr(0, slash), &result.status)) {
    return Failure{kBadTopic, "no status/?$rid=...:"};
  }
  hub_.Bill(payload.size());
  uint64_t number = 0;
  if (payload.size() > kMostMethodReplyBytes) {
    return Failure{kTooLarge, fmt::format("a method's reply of {} bytes", payload.size())};
  }
  if (!payload.empty() && !nlohmann::json::accept(payload)) {
    result.failure = Failure{kBadMethodReply, "the reply's payload is no JSON"};
  }
  result.payload = payload;
  // A reply that nobody waits for any more is no error.
  if (ParseInteger(*rid, &number)) hub_.cloud().methods().Answer(client_id_, number, result);
  return std::nullopt;
}

void HubClient::OnPuback(uint16_t packet_id) {
  downlink_->OnPuback(packet_id, queue_);
  DeliverMessages();
}

std::optional<Failure> HubClient::Tick() {
  const int64_t now_us = hub_.clock().SteadyMicros();
  if (queue_->NextUnlock() <= now_us) DeliverMessages();
  return telemetry_.Tick(now_us);
}

int64_t HubClient::NextDeadline() const {
  return std::min(telemetry_.NextDeadline(), queue_->NextUnlock());
}

}  // namespace sluice::devhub
