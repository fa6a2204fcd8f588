#include "tests/devhub/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/connack.h"
#include "gateway/mqtt/ping.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/subscribe.h"
#include "gateway/mqtt/unsubscribe.h"
#include "gateway/mqtt/writer.h"
#include "tests/devhub/dps.h"
#include "tests/devhub/dps_authenticate.h"
#include "tests/devhub/dps_client.h"
#include "tests/devhub/hub_client.h"
#include "tests/devhub/metering.h"
#include "tests/devhub/text.h"
#include "tests/devhub/topics.h"

namespace sluice::devhub {
namespace {

constexpr mqtt::Version kVersion = mqtt::Version::k311;  // the only one (section 1)
constexpr int64_t kSecond = 1'000'000;

// From the end of the handshake to CONNECT: no client may just sit there.
constexpr int64_t kConnectPatienceUs = 30 * kSecond;

// Section 11: closed after 1.5 times the keep-alive, at most 1767 s. 0 ("none") and what lies above
// 1177 s are legal MQTT and get the cap.
// edgeHub caps the keep-alive itself at 10 minutes (section 15).
constexpr int64_t KeepAlivePatience(uint16_t keep_alive_s, bool is_edge_hub) {
  const int64_t cap = (is_edge_hub ? 900 : 1767) * kSecond;
  return keep_alive_s == 0 ? cap : std::min(cap, keep_alive_s * kSecond * 3 / 2);
}

// The largest PUBLISH that can be legal: the largest topic with the largest body, packet id,
// lengths.
constexpr size_t kMostPacketBytes = kMaxMessageBytes + 65'535 + 16;

// A request of 30 bytes may be answered by a twin of 64 KB: who does not read is not listened to.
constexpr size_t kMostOutputBytes = 1 << 20;

}  // namespace

// What a client may send, by packet type. The hub sends no QoS 2, so PUBREC, PUBREL and PUBCOMP
// answer nothing.
struct Conversation::Handler {
  mqtt::PacketType type;
  void (Conversation::*handle)(const mqtt::Frame& frame);
};

Conversation::Conversation(Hub& hub, PeerCertificate peer, std::string address,
                           std::function<void()> wake, Door door)
    : hub_(hub),
      peer_(std::move(peer)),
      address_(std::move(address)),
      wake_(std::move(wake)),
      door_(door),
      last_packet_us_(hub.clock().SteadyMicros()),
      patience_us_(kConnectPatienceUs) {}

Conversation::~Conversation() {
  if (!closed_) Close(kClosedRemotely, "the connection ended without DISCONNECT");
}

void Conversation::Close(const HubError& error, std::string_view detail) {
  if (std::exchange(closed_, true)) return;
  hub_.Report(error, client_id_, address_, detail);
  End(/*politely=*/false);
  wake_();
}

void Conversation::End(bool politely) {
  closed_ = true;
  if (role_ != nullptr) role_->OnEnd(politely);
}

bool Conversation::wants_input() const {
  return held_connect_.empty() && output_.size() < kMostOutputBytes &&
         (role_ == nullptr || role_->wants_input());
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

void Conversation::AnswerConnect(std::string_view body, bool has_waited) {
  const mqtt::Result<mqtt::ConnectView> connect = mqtt::DecodeConnect(body);
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
  if (IsForDps(*connect)) return EnterDps(*connect);
  std::variant<Admission, Refusal> result =
      Authenticate(hub_.registry(), *connect, peer_, hub_.clock().UnixMicros() / kSecond);
  if (const Refusal* refusal = std::get_if<Refusal>(&result))
    return Refuse(*refusal, connect->client_id);

  auto admission = std::get<Admission>(std::move(result));
  if (hub_.is_full() && hub_.Find(admission.identity) == nullptr) {
    return Refuse({mqtt::Reason::kServerUnavailable, kTooManyClients, "edgeHub admits 100"},
                  connect->client_id);
  }
  if (!has_waited && Shape(body, admission.identity.ClientId())) return;
  EnterHub(*connect, std::move(admission));
}

bool Conversation::Shape(std::string_view body, const std::string& client_id) {
  const std::optional<int64_t> wait_us = hub_.JudgeConnect(client_id);
  if (!wait_us) {
    Refuse({mqtt::Reason::kServerUnavailable, kThrottled, "too many connections a second"},
           client_id);
    return true;
  }
  if (*wait_us == 0) return false;
  held_connect_ = body;
  connect_due_us_ = hub_.clock().SteadyMicros() + *wait_us;
  return true;
}

void Conversation::EnterHub(const mqtt::ConnectView& connect, Admission admission) {
  auto client = std::make_unique<HubClient>(
      hub_, *this,
      Stamp{std::move(admission.identity), std::move(admission.auth_method),
            std::move(admission.model_id)},
      connect.clean_start);
  if (connect.will) {
    if (const auto failure = client->TakeWill(*connect.will)) {
      return Close(failure->error, failure->detail);
    }
  }
  const bool session_present = client->Enter();
  std::string client_id = client->client_id();
  Enter(std::move(client), std::move(client_id), connect, admission.token_expiry, session_present);
}

bool Conversation::IsForDps(const mqtt::ConnectView& connect) const {
  if (hub_.dps() == nullptr || door_ == Door::kHub) return false;
  return door_ == Door::kDps || (connect.user_name && IsDpsUserName(*connect.user_name));
}

void Conversation::EnterDps(const mqtt::ConnectView& connect) {
  std::variant<DpsAdmission, Refusal> result =
      DpsAuthenticate(hub_.dps()->config(), connect, peer_, hub_.clock().UnixMicros() / kSecond);
  if (const Refusal* refusal = std::get_if<Refusal>(&result)) {
    return Refuse(*refusal, connect.client_id);
  }
  if (connect.will) return Close(kBadTopic, "a will to DPS");
  auto admission = std::get<DpsAdmission>(std::move(result));
  const int64_t token_expiry_s = admission.token_expiry;
  std::string registration_id = admission.registration_id;
  Enter(std::make_unique<DpsClient>(*hub_.dps(), std::move(admission), &output_),
        std::move(registration_id), connect, token_expiry_s, /*session_present=*/false);
}

void Conversation::Enter(std::unique_ptr<Role> role, std::string client_id,
                         const mqtt::ConnectView& connect, int64_t token_expiry_s,
                         bool session_present) {
  token_expiry_us_ = token_expiry_s > INT64_MAX / kSecond ? 0 : token_expiry_s * kSecond;
  patience_us_ = KeepAlivePatience(connect.keep_alive_s, hub_.registry().is_edge_hub());
  client_id_ = std::move(client_id);
  role_ = std::move(role);
  for (const auto& [filter, qos] : role_->subscriptions()) asked_filters_.insert(filter);
  SendConnack(mqtt::Reason::kSuccess, session_present);
  role_->AfterSubscribe();
}

void Conversation::OnPublish(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::PublishView> publish =
      mqtt::DecodePublish(kVersion, mqtt::Sender::kClient, frame.flags, frame.body);
  if (!publish.ok()) return Close(kBadPacket, mqtt::ReasonName(publish.reason()));
  if (publish->qos == 2) return Close(kBadQos, "a publish of QoS 2");
  if (const auto failure = role_->OnPublish(*publish)) Close(failure->error, failure->detail);
}

void Conversation::OnPuback(const mqtt::Frame& frame) {
  const auto ack = mqtt::DecodeAck(frame.type, kVersion, frame.body);
  if (!ack.ok()) return Close(kBadPacket, mqtt::ReasonName(ack.reason()));
  role_->OnPuback(ack->packet_id);
}

bool Conversation::Grant(std::string_view filter) {
  // Section 7: five a connection, whether granted or not.
  asked_filters_.emplace(filter);
  if (asked_filters_.size() <= kMostSubscriptions && role_->MaySubscribe(filter)) return true;
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
    role_->subscriptions()[std::string(subscription.filter)] = qos;
    reasons.push_back(mqtt::Reason{qos});
  }
  mqtt::AppendPacket(&output_, [&](std::span<char> out) {
    return mqtt::EncodeSuback(kVersion, subscribe->packet_id, reasons, out);
  });
  role_->AfterSubscribe();
}

void Conversation::OnUnsubscribe(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::UnsubscribeView> unsubscribe =
      mqtt::DecodeUnsubscribe(kVersion, frame.body);
  if (!unsubscribe.ok()) return Close(kBadPacket, mqtt::ReasonName(unsubscribe.reason()));
  for (const std::string_view filter : unsubscribe->filters) {
    role_->subscriptions().erase(std::string(filter));
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
  End(/*politely=*/true);
}

void Conversation::Tick() {
  if (closed_) return;
  const int64_t now_us = hub_.clock().SteadyMicros();
  if (!wants_input()) last_packet_us_ = now_us;  // it cannot be heard while it is not listened to
  if (!held_connect_.empty() && now_us >= connect_due_us_) {
    AnswerConnect(std::exchange(held_connect_, {}), /*has_waited=*/true);
    if (closed_) return;
  }
  if (role_ != nullptr) {
    if (const auto failure = role_->Tick()) return Close(failure->error, failure->detail);
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
  if (!held_connect_.empty()) deadline = std::min(deadline, connect_due_us_);
  if (role_ != nullptr) deadline = std::min(deadline, role_->NextDeadline());
  if (token_expiry_us_ != 0) {
    const int64_t left = token_expiry_us_ - hub_.clock().UnixMicros();
    // Over is over: "now" would lie behind the caller's idea of now, again and again.
    if (left <= 0) return 0;
    deadline = std::min(deadline, hub_.clock().SteadyMicros() + left);
  }
  return deadline;
}

}  // namespace sluice::devhub
