#include "tests/devhub/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/connack.h"
#include "gateway/mqtt/ping.h"
#include "gateway/mqtt/subscribe.h"
#include "gateway/mqtt/unsubscribe.h"
#include "gateway/mqtt/writer.h"
#include "tests/devhub/metering.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

constexpr mqtt::Version kVersion = mqtt::Version::k311;  // the only one (section 1)
constexpr int64_t kSecond = 1'000'000;

// From the end of the handshake to CONNECT: no client may just sit there.
constexpr int64_t kConnectPatienceUs = 30 * kSecond;

// Section 11: closed after 1.5 times the keep-alive, at most 1767 s. 0 ("none") and what lies above
// 1177 s are legal MQTT and get the cap.
constexpr int64_t KeepAlivePatience(uint16_t keep_alive_s) {
  constexpr int64_t kCap = 1767 * kSecond;
  return keep_alive_s == 0 ? kCap : std::min(kCap, keep_alive_s * kSecond * 3 / 2);
}

// The largest PUBLISH that can be legal: the largest topic with the largest body, packet id,
// lengths.
constexpr size_t kMostPacketBytes = kMaxMessageBytes + 65'535 + 16;

}  // namespace

// What a client may send, by packet type. The hub sends no QoS 2, so PUBREC, PUBREL and PUBCOMP
// answer nothing.
struct Conversation::Handler {
  mqtt::PacketType type;
  void (Conversation::*handle)(const mqtt::Frame& frame);
};

Conversation::Conversation(Hub& hub, PeerCertificate peer, std::string address,
                           std::function<void()> wake)
    : hub_(hub),
      peer_(std::move(peer)),
      address_(std::move(address)),
      wake_(std::move(wake)),
      last_packet_us_(hub.clock().SteadyMicros()),
      patience_us_(kConnectPatienceUs) {}

Conversation::~Conversation() {
  if (!closed_) Close(kClosedRemotely, "the connection ended without DISCONNECT");
}

void Conversation::Close(const HubError& error, std::string_view detail) {
  if (std::exchange(closed_, true)) return;
  hub_.Report(error, client_id_, address_, detail);
  if (will_) {
    // Section 6: published as telemetry when the connection ends without DISCONNECT.
    if (const HubError* refused = hub_.Store(stamp_, client_id_, will_->properties, will_->payload,
                                             will_->metered_bytes)) {
      hub_.Report(*refused, client_id_, address_, "its will");
    }
    will_.reset();
  }
  if (!client_id_.empty()) hub_.Leave(this);
  session_ = nullptr;
  wake_();
}

size_t Conversation::Receive(std::string_view bytes) {
  size_t consumed = 0;
  while (!closed_ && wants_input()) {
    const mqtt::Frame frame = mqtt::NextFrame(bytes.substr(consumed), kMostPacketBytes);
    if (frame.status == mqtt::Frame::Status::kNeedMore) break;
    if (frame.status == mqtt::Frame::Status::kError) {
      Close(frame.reason == mqtt::Reason::kPacketTooLarge ? kTooLarge : kBadPacket,
            mqtt::ReasonName(frame.reason));
      break;
    }
    Handle(frame);
    consumed += frame.size;
  }
  if (consumed > 0) last_packet_us_ = hub_.clock().SteadyMicros();
  return consumed;
}

void Conversation::Handle(const mqtt::Frame& frame) {
  static constexpr Handler kHandlers[] = {
      {mqtt::PacketType::kPublish, &Conversation::OnPublish},
      {mqtt::PacketType::kPingreq, &Conversation::OnPingreq},
      {mqtt::PacketType::kPuback, &Conversation::OnPuback},
      {mqtt::PacketType::kSubscribe, &Conversation::OnSubscribe},
      {mqtt::PacketType::kUnsubscribe, &Conversation::OnUnsubscribe},
      {mqtt::PacketType::kDisconnect, &Conversation::OnDisconnect},
  };
  if (client_id_.empty()) {
    if (frame.type == mqtt::PacketType::kConnect) return OnConnect(frame);
    return Close(kBadPacket, fmt::format("{} before CONNECT", mqtt::PacketTypeName(frame.type)));
  }
  for (const Handler& handler : kHandlers) {
    if (handler.type == frame.type) return (this->*handler.handle)(frame);
  }
  Close(kBadPacket, fmt::format("{} from a client", mqtt::PacketTypeName(frame.type)));
}

void Conversation::SendConnack(mqtt::Reason reason, bool session_present) {
  mqtt::ConnackView connack;
  connack.reason = reason;
  connack.session_present = session_present;
  mqtt::AppendPacket(
      &output_, [&](std::span<char> out) { return mqtt::EncodeConnack(kVersion, connack, out); });
}

void Conversation::Refuse(const Refusal& refusal, std::string_view client_id) {
  SendConnack(refusal.connack, false);
  closed_ = true;
  hub_.Report(refusal.error, client_id, address_, refusal.detail);
  wake_();
}

void Conversation::OnConnect(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::ConnectView> connect = mqtt::DecodeConnect(frame.body);
  const bool other_version = connect.ok()
                                 ? connect->version != kVersion
                                 : connect.reason() == mqtt::Reason::kUnsupportedProtocolVersion;
  if (other_version) {
    return Refuse({mqtt::Reason::kUnsupportedProtocolVersion, kBadProtocol, "only MQTT 3.1.1"}, "");
  }
  if (!connect.ok() && connect.reason() == mqtt::Reason::kClientIdentifierNotValid) {
    return Refuse({connect.reason(), kBadClientId, "an empty client id"}, "");
  }
  if (!connect.ok()) return Close(kBadPacket, mqtt::ReasonName(connect.reason()));
  if (hub_.RefusesConnects()) {
    return Refuse({mqtt::Reason::kServerUnavailable, kServiceUpgrade, "refused by a fault"},
                  connect->client_id);
  }
  hub_.RefreshRegistry();
  std::variant<Admission, Refusal> result =
      Authenticate(hub_.registry(), *connect, peer_, hub_.clock().UnixMicros() / kSecond);
  if (const Refusal* refusal = std::get_if<Refusal>(&result))
    return Refuse(*refusal, connect->client_id);

  Admission& admission = std::get<Admission>(result);
  stamp_ = {std::move(admission.identity), std::move(admission.auth_method),
            std::move(admission.model_id)};
  topics_.emplace(stamp_.identity, hub_.registry().tier().basic);
  if (connect->will && !TakeWill(*connect->will)) return;
  token_expiry_us_ =
      admission.token_expiry > INT64_MAX / kSecond ? 0 : admission.token_expiry * kSecond;
  patience_us_ = KeepAlivePatience(connect->keep_alive_s);
  clean_session_ = connect->clean_start;
  client_id_ = stamp_.identity.ClientId();
  bool session_present = false;
  session_ = hub_.Enter(this, clean_session_, &session_present);
  for (const auto& [filter, qos] : session_->subscriptions) asked_filters_.insert(filter);
  SendConnack(mqtt::Reason::kSuccess, session_present);
}

bool Conversation::TakeWill(const mqtt::WillView& will) {
  std::string_view bag;
  if (will.qos == 2) {
    Close(kBadQos, "a will of QoS 2");
  } else if (topics_->MatchPublish(will.topic, &bag) != PublishKind::kTelemetry) {
    Close(kBadTopic, fmt::format("a will to \"{}\"", Printable(will.topic)));
  } else {
    Message message;
    if (!ReadProperties(bag, will.retain, will.payload.size(), &message)) return false;
    message.payload = will.payload;
    message.properties.application.push_back({"iothub-MessageType", "Will", false});
    will_ = std::move(message);
  }
  return !closed_;
}

void Conversation::OnPublish(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::PublishView> publish =
      mqtt::DecodePublish(kVersion, mqtt::Sender::kClient, frame.flags, frame.body);
  if (!publish.ok()) return Close(kBadPacket, mqtt::ReasonName(publish.reason()));
  if (publish->qos == 2) return Close(kBadQos, "a publish of QoS 2");
  std::string_view rest;
  const std::optional<PublishKind> kind = topics_->MatchPublish(publish->topic, &rest);
  if (!kind) return Close(kBadTopic, fmt::format("\"{}\"", Printable(publish->topic)));
  switch (*kind) {
    case PublishKind::kTelemetry:
      return Telemetry(*publish, rest);
    case PublishKind::kTwinGet:
    case PublishKind::kTwinReport:
    case PublishKind::kMethodResult:
      return Close(kBadTopic, "twins and methods: this stand-in does not play them yet");
  }
}

bool Conversation::ReadProperties(std::string_view bag, bool retain, size_t payload_bytes,
                                  Message* message) {
  absl::Status status = ParseBag(bag, &pairs_);
  if (status.ok()) status = SortProperties(std::move(pairs_), &message->properties);
  if (!status.ok()) {
    Close(kBadProperties, std::string(status.message()));
    return false;
  }
  message->metered_bytes = payload_bytes + MeteredSize(message->properties);
  if (message->metered_bytes > kMaxMessageBytes) {
    Close(kTooLarge,
          fmt::format("{} bytes, {} are allowed", message->metered_bytes, kMaxMessageBytes));
    return false;
  }
  if (retain) {
    // Section 6: not retained; the message bears a property instead. It is the hub's and not
    // metered.
    std::erase_if(message->properties.application, [](const Property& property) {
      return EqualsIgnoringCase(property.name, "mqtt-retain");
    });
    message->properties.application.push_back({"mqtt-retain", "true", false});
  }
  return true;
}

void Conversation::Telemetry(const mqtt::PublishView& publish, std::string_view bag) {
  if (!ReadProperties(bag, publish.retain, publish.payload.size(), &message_)) return;
  const Faults::Fate fate = hub_.Judge(client_id_);
  if (fate.close != nullptr) return Close(*fate.close, "a publish, by throttle or fault");
  if (fate.delay_us == 0 && late_.empty()) {
    return Settle(fate, publish.packet_id, message_.properties, publish.payload,
                  message_.metered_bytes);
  }
  // Acknowledgements keep the order of the publishes [MQTT-4.6.0-2].
  const int64_t due_us = hub_.clock().SteadyMicros() + fate.delay_us;
  message_.payload = publish.payload;
  late_bytes_ += message_.metered_bytes;
  late_.push_back({late_.empty() ? due_us : std::max(due_us, late_.back().due_us), fate,
                   publish.packet_id, std::move(message_)});
  message_ = {};
}

void Conversation::Settle(const Faults::Fate& fate, uint16_t packet_id,
                          const MessageProperties& properties, std::string_view payload,
                          size_t metered_bytes) {
  if (fate.store) {
    if (const HubError* refused =
            hub_.Store(stamp_, client_id_, properties, payload, metered_bytes)) {
      return Close(*refused, "a publish above the day's quota");
    }
  }
  if (packet_id == 0 || !fate.acknowledge) return;
  char ack[mqtt::kMaxPlainAck];
  output_.append(ack, mqtt::EncodePlainAck(mqtt::PacketType::kPuback, kVersion, packet_id,
                                           mqtt::Reason::kSuccess, ack));
}

// Nothing is sent to devices yet, so a PUBACK acknowledges nothing; an unknown id is no error
// (MQTT 3.1.1 names none).
void Conversation::OnPuback(const mqtt::Frame& frame) {
  const auto ack = mqtt::DecodeAck(frame.type, kVersion, frame.body);
  if (!ack.ok()) Close(kBadPacket, mqtt::ReasonName(ack.reason()));
}

bool Conversation::Grant(std::string_view filter) {
  // Section 7: five a connection, whether granted or not.
  asked_filters_.emplace(filter);
  if (asked_filters_.size() <= kMostSubscriptions && topics_->MaySubscribe(filter)) return true;
  if (asked_filters_.size() > kMostSubscriptions) asked_filters_.erase(std::string(filter));
  hub_.Report(kBadTopic, client_id_, address_,
              fmt::format("subscription \"{}\" answered 0x80", Printable(filter)));
  return false;
}

void Conversation::OnSubscribe(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::SubscribeView> subscribe = mqtt::DecodeSubscribe(kVersion, frame.body);
  if (!subscribe.ok()) return Close(kBadPacket, mqtt::ReasonName(subscribe.reason()));
  std::vector<mqtt::Reason> reasons;
  for (const mqtt::Subscription& subscription : subscribe->subscriptions) {
    if (!Grant(subscription.filter)) {
      reasons.push_back(mqtt::Reason::kUnspecifiedError);
      continue;
    }
    const uint8_t qos =
        std::min<uint8_t>(subscription.qos, 1);  // a request for QoS 2 is granted as QoS 1
    session_->subscriptions[std::string(subscription.filter)] = qos;
    reasons.push_back(mqtt::Reason{qos});
  }
  mqtt::AppendPacket(&output_, [&](std::span<char> out) {
    return mqtt::EncodeSuback(kVersion, subscribe->packet_id, reasons, out);
  });
}

void Conversation::OnUnsubscribe(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::UnsubscribeView> unsubscribe =
      mqtt::DecodeUnsubscribe(kVersion, frame.body);
  if (!unsubscribe.ok()) return Close(kBadPacket, mqtt::ReasonName(unsubscribe.reason()));
  for (const std::string_view filter : unsubscribe->filters) {
    session_->subscriptions.erase(std::string(filter));
    asked_filters_.erase(std::string(filter));
  }
  mqtt::AppendPacket(&output_, [&](std::span<char> out) {
    return mqtt::EncodeUnsuback(kVersion, unsubscribe->packet_id, {}, out);
  });
}

void Conversation::OnPingreq(const mqtt::Frame& frame) {
  if (mqtt::CheckPing(frame.body) != mqtt::Reason::kSuccess)
    return Close(kBadPacket, "PINGREQ with a body");
  output_ += mqtt::kPingresp;
}

void Conversation::OnDisconnect(const mqtt::Frame& frame) {
  if (!frame.body.empty()) return Close(kBadPacket, "DISCONNECT with a body");
  closed_ = true;
  hub_.Leave(this);
  session_ = nullptr;
}

void Conversation::Tick() {
  if (closed_) return;
  const int64_t now_us = hub_.clock().SteadyMicros();
  if (!wants_input()) last_packet_us_ = now_us;  // it cannot be heard while it is not listened to
  while (!closed_ && !late_.empty() && late_.front().due_us <= now_us) {
    const Late& late = late_.front();
    Settle(late.fate, late.packet_id, late.message.properties, late.message.payload,
           late.message.metered_bytes);
    late_bytes_ -= late.message.metered_bytes;
    late_.pop_front();
  }
  if (token_expiry_us_ != 0 && hub_.clock().UnixMicros() >= token_expiry_us_) {
    // Section 13: two lines in the hub's log.
    hub_.Report(kUnauthorized, client_id_, address_, "the token expired while connected");
    return Close(kClosedRemotely, "the token expired while connected");
  }
  if (now_us - last_packet_us_ < patience_us_) return;
  if (client_id_.empty()) return Close(kConnectTimeout, "no CONNECT");
  Close(kClosedRemotely, "keep-alive missed");
}

int64_t Conversation::NextDeadline() const {
  int64_t deadline = last_packet_us_ + patience_us_;
  if (!late_.empty()) deadline = std::min(deadline, late_.front().due_us);
  if (token_expiry_us_ != 0) {
    const int64_t left = token_expiry_us_ - hub_.clock().UnixMicros();
    // Over is over: "now" would lie behind the caller's idea of now, again and again.
    if (left <= 0) return 0;
    deadline = std::min(deadline, hub_.clock().SteadyMicros() + left);
  }
  return deadline;
}

}  // namespace sluice::devhub
