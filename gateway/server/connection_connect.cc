// CONNECT: who may come in, as what, and what it is told (MQTT sections 3.1 and 3.2).
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "gateway/mqtt/connack.h"
#include "gateway/server/connection.h"
#include "gateway/server/connection_send.h"

namespace sluice::server {
namespace {

// MQTT lets a client id have 64 KB, and a session that never expires would keep them. An identity
// has at most 128.
constexpr size_t kMaxClientIdBytes = 256;

CloseReason RefusalOf(mqtt::Reason reason) {
  switch (reason) {
    case mqtt::Reason::kUnsupportedProtocolVersion:
      return CloseReason::kProtocolVersion;
    case mqtt::Reason::kClientIdentifierNotValid:
      return CloseReason::kClientId;
    default:
      return CloseReason::kMalformedConnect;
  }
}

}  // namespace

void Connection::OnConnect(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::ConnectView> connect = mqtt::DecodeConnect(frame.body);
  if (!connect.ok()) {
    version_ = mqtt::VersionToAnswer(frame.body);
    return RefuseConnect(RefusalOf(connect.reason()), connect.reason(),
                         mqtt::ReasonName(connect.reason()));
  }
  version_ = connect->version;
  if (version_ == mqtt::Version::k5) peer_max_packet_ = connect->maximum_packet_size;
  if (connect->authentication_method.has_value()) {
    return RefuseConnect(CloseReason::kAuthenticationMethod, mqtt::Reason::kBadAuthenticationMethod,
                         {});
  }
  std::string client_id;
  bool assigned = false;
  if (!ChooseClientId(*connect, &client_id, &assigned)) {
    client_id_ = connect->client_id;
    return RefuseConnect(CloseReason::kClientId, mqtt::Reason::kClientIdentifierNotValid,
                         connect->client_id.size() > kMaxClientIdBytes ? "over 256 bytes" : "");
  }
  // User name and password prove nothing that the certificate has not proved.
  Accept(*connect, client_id, assigned);
}

// An empty client id asks for one: the identity, or where every id is allowed, one of its own.
// False: the one it has is not allowed.
bool Connection::ChooseClientId(const mqtt::ConnectView& connect, std::string* client_id,
                                bool* assigned) {
  *client_id = connect.client_id;
  *assigned = client_id->empty();
  if (!worker_.options.any_client_id) {
    if (*assigned) *client_id = identity_;
    return *client_id == identity_;
  }
  if (*assigned) {
    *client_id = fmt::format("auto-{:x}-{:x}-{:x}", worker_.now.wall_us, worker_.index,
                             ++worker_.assigned_ids);
  }
  return client_id->size() <= kMaxClientIdBytes;
}

void Connection::RefuseConnect(CloseReason reason, mqtt::Reason code, std::string_view detail) {
  mqtt::ConnackView connack;
  connack.reason = code;
  connack.reason_string = TextOf(reason).advice;
  const auto encode = [&](std::span<char> out) { return EncodeConnack(version_, connack, out); };
  if (!Send(encode)) {
    // Longer than the peer allows; or 3.1.1 has no word for it, and closing must do.
    connack.reason_string.reset();
    Send(encode);
  }
  Close(reason, detail);
}

void Connection::Accept(const mqtt::ConnectView& connect, const std::string& client_id,
                        bool assigned) {
  client_id_ = client_id;
  bool present = false;
  if (!JoinSession(connect, &present))
    return RefuseConnect(CloseReason::kTooManySessions, mqtt::Reason::kQuotaExceeded, {});
  // A client that can take no CONNACK would wait for it for ever.
  if (!SendConnack(connect, present,
                   assigned ? std::optional<std::string_view>(client_id_) : std::nullopt)) {
    return Close(CloseReason::kMalformedConnect, "its maximum packet size is below CONNACK's");
  }
  state_ = State::kOpen;
  worker_.counters.connects.Add();
  worker_.counters.connections.Add();
  if (connect.will.has_value()) IgnoreWill();

  TimerWheel::Cancel(this);
  last_packet_us_ = worker_.now.steady_us;
  if (keep_alive_us_ > 0) worker_.timers.Arm(this, last_packet_us_ + keep_alive_us_);
  // Of an earlier connection: what was settled since has waited for this one.
  Acknowledge();
}

bool Connection::JoinSession(const mqtt::ConnectView& connect, bool* present) {
  if (version_ == mqtt::Version::k5) {
    session_expiry_s_ = connect.session_expiry_s;
  } else {
    session_expiry_s_ = connect.clean_start ? 0 : session::SessionTable::kNeverExpires;
  }
  const session::SessionTable::Opening opening = worker_.sessions.Open(
      identity_, client_id_, version_, connect.clean_start, session_expiry_s_);
  if (opening.outcome == session::SessionTable::Opened::kFull) return false;
  *present = opening.outcome == session::SessionTable::Opened::kResumed;
  if (opening.hold.session >= worker_.owners.size())
    worker_.owners.resize(opening.hold.session + 1, nullptr);
  Connection*& owner = worker_.owners[opening.hold.session];
  if (owner != nullptr) owner->Close(CloseReason::kTakenOver, address_);
  owner = this;
  session_ = opening.hold;
  return true;
}

void Connection::LeaveSession() {
  if (!session_.has_value()) return;
  Connection*& owner = worker_.owners[session_->session];
  if (owner == this) owner = nullptr;
  worker_.sessions.Close(*session_, worker_.now.steady_us / 1'000'000);
  session_.reset();
}

bool Connection::SendConnack(const mqtt::ConnectView& connect, bool present,
                             std::optional<std::string_view> assigned_id) {
  const Limits& limits = options_->limits;
  mqtt::ConnackView connack;
  connack.session_present = present;
  uint64_t keep_alive_s = connect.keep_alive_s;
  if (version_ == mqtt::Version::k5) {
    const auto most = static_cast<uint64_t>(std::clamp<int64_t>(
        limits.max_keep_alive.count(), 1, std::numeric_limits<uint16_t>::max()));
    if (keep_alive_s == 0 || keep_alive_s > most) {
      keep_alive_s = most;
      connack.server_keep_alive_s = static_cast<uint16_t>(most);
    }
    connack.receive_maximum = worker_.options.receive_maximum;
    connack.maximum_packet_size = limits.packet_bytes;
    connack.assigned_client_id = assigned_id;
    connack.topic_alias_maximum = 0;
    // No subscription is granted yet, so none of their extras is offered.
    connack.subscription_ids_available = false;
    connack.shared_subscription_available = false;
  }
  // MQTT 3.1.1 cannot be told another keep alive: its own holds, and 0 leaves it to TCP's.
  keep_alive_us_ = static_cast<int64_t>(keep_alive_s) * 1'500'000;
  return Send([&](std::span<char> out) { return EncodeConnack(version_, connack, out); });
}

// Neither version can say "connected, but without your will". Refusing would cut off a device whose
// messages matter more than its epitaph; so it is counted and logged for the operator.
void Connection::IgnoreWill() {
  worker_.counters.wills_ignored.Add();
  if (!worker_.will_log_limit.Admit(worker_.now.steady_us)) return;
  operate::Log(operate::LogLevel::kWarning, "will_ignored",
               "a device set a will, which is not published yet: do not rely on it",
               {{"address", address_},
                {"identity", identity_},
                {"client_id", client_id_},
                {"suppressed", std::to_string(worker_.will_log_limit.TakeSuppressed())}});
}

}  // namespace sluice::server
