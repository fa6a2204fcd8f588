// Every packet but CONNECT and publishes: which is allowed when, and its answer.
#include <fmt/format.h>

#include <vector>

#include "gateway/mqtt/disconnect.h"
#include "gateway/mqtt/ping.h"
#include "gateway/mqtt/subscribe.h"
#include "gateway/mqtt/topic.h"
#include "gateway/mqtt/unsubscribe.h"
#include "gateway/server/connection.h"
#include "gateway/server/connection_send.h"

namespace sluice::server {
namespace {

CloseReason CloseReasonOf(mqtt::Reason reason) {
  switch (reason) {
    case mqtt::Reason::kPacketTooLarge:
      return CloseReason::kPacketTooLarge;
    case mqtt::Reason::kProtocolError:
      return CloseReason::kProtocolError;
    default:
      return CloseReason::kMalformed;
  }
}

}  // namespace

bool Connection::TakePacket(const mqtt::Frame& frame) {
  if (state_ == State::kAwaitingConnect) {
    if (frame.type == mqtt::PacketType::kConnect) {
      OnConnect(frame);
    } else {
      Close(CloseReason::kNotConnect, mqtt::PacketTypeName(frame.type));
    }
    return true;
  }
  switch (frame.type) {
    case mqtt::PacketType::kPublish:
      return OnPublish(frame);
    case mqtt::PacketType::kPubrel:
      OnPubrel(frame);
      return true;
    case mqtt::PacketType::kPingreq:
      OnPingreq(frame);
      return true;
    case mqtt::PacketType::kDisconnect:
      OnDisconnect(frame);
      return true;
    case mqtt::PacketType::kSubscribe:
      OnSubscribe(frame);
      return true;
    case mqtt::PacketType::kUnsubscribe:
      OnUnsubscribe(frame);
      return true;
    default:
      OnUnexpected(frame);
      return true;
  }
}

void Connection::CloseFor(mqtt::Reason reason, mqtt::PacketType type) {
  if (state_ == State::kAwaitingConnect)
    return Close(CloseReason::kMalformedConnect, mqtt::ReasonName(reason));
  Close(CloseReasonOf(reason),
        fmt::format("{}: {}", mqtt::PacketTypeName(type), mqtt::ReasonName(reason)), reason);
}

// A second CONNECT [MQTT-3.1.0-2], what only servers send, acknowledgements of messages that were
// never sent, AUTH without an authentication method.
void Connection::OnUnexpected(const mqtt::Frame& frame) {
  Close(CloseReason::kProtocolError,
        fmt::format("unexpected {}", mqtt::PacketTypeName(frame.type)));
}

void Connection::OnPingreq(const mqtt::Frame& frame) {
  const mqtt::Reason reason = mqtt::CheckPing(frame.body);
  if (reason != mqtt::Reason::kSuccess) return CloseFor(reason, frame.type);
  Send([](std::span<char> out) { return mqtt::kPingresp.copy(out.data(), out.size()); });
}

void Connection::OnDisconnect(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::DisconnectView> disconnect =
      mqtt::DecodeDisconnect(version_, mqtt::Sender::kClient, frame.body);
  if (!disconnect.ok()) return CloseFor(disconnect.reason(), frame.type);
  if (disconnect->session_expiry_s.has_value()) {
    // [MQTT-3.14.2-2]: what was to end with the connection cannot be kept after all.
    if (session_expiry_s_ == 0 && *disconnect->session_expiry_s != 0)
      return CloseFor(mqtt::Reason::kProtocolError, frame.type);
    worker_.sessions.SetExpiry(*session_, *disconnect->session_expiry_s);
  }
  Close(CloseReason::kDisconnected, mqtt::ReasonName(disconnect->reason));
}

// Granting comes later; until then the answer is an honest no to each.
void Connection::OnSubscribe(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::SubscribeView> subscribe = mqtt::DecodeSubscribe(version_, frame.body);
  if (!subscribe.ok()) return CloseFor(subscribe.reason(), frame.type);
  if (subscribe->subscription_id != 0)
    return CloseFor(mqtt::Reason::kSubscriptionIdsNotSupported, frame.type);
  std::vector<mqtt::Reason> reasons;
  for (const mqtt::Subscription& subscription : subscribe->subscriptions) {
    const bool shared = !mqtt::SplitShared(subscription.filter).share_name.empty();
    reasons.push_back(shared ? mqtt::Reason::kSharedSubscriptionsNotSupported
                             : mqtt::Reason::kNotAuthorized);
  }
  worker_.counters.subscriptions_refused.Add(reasons.size());
  if (worker_.subscribe_log_limit.Admit(worker_.now.steady_us)) {
    operate::Log(operate::LogLevel::kWarning, "subscribe_refused",
                 "refused a subscription: devices cannot subscribe yet",
                 {{"identity", identity_},
                  {"address", address_},
                  {"filter", subscribe->subscriptions.begin()->filter},
                  {"suppressed", std::to_string(worker_.subscribe_log_limit.TakeSuppressed())}});
  }
  Send([&](std::span<char> out) {
    return EncodeSuback(version_, subscribe->packet_id, reasons, out);
  });
}

void Connection::OnUnsubscribe(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::UnsubscribeView> unsubscribe =
      mqtt::DecodeUnsubscribe(version_, frame.body);
  if (!unsubscribe.ok()) return CloseFor(unsubscribe.reason(), frame.type);
  const std::vector<mqtt::Reason> reasons(unsubscribe->count, mqtt::Reason::kNoSubscriptionExisted);
  Send([&](std::span<char> out) {
    return EncodeUnsuback(version_, unsubscribe->packet_id, reasons, out);
  });
}

}  // namespace sluice::server
