// Publishes, and the acknowledgements that leave when they are safe (MQTT sections 3.3 and 4.3).
#include <cassert>
#include <cstring>
#include <string>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/publish.h"
#include "gateway/mqtt/topic.h"
#include "gateway/server/connection.h"
#include "gateway/server/connection_send.h"

namespace sluice::server {

bool Connection::OnPublish(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::PublishView> publish =
      mqtt::DecodePublish(version_, mqtt::Sender::kClient, frame.flags, frame.body);
  if (!publish.ok()) {
    CloseFor(publish.reason(), frame.type);
    return true;
  }
  if (publish->topic_alias != 0) {  // the maximum in CONNACK is 0
    Close(CloseReason::kTopicAlias);
    return true;
  }
  if (publish->qos > 0) return OnPublishQos12(*publish, frame.size);
  Count(*publish, frame.size);
  OnPublishQos0(*publish);
  return true;
}

// Why nobody may take it, or kSuccess. Such a publish is answered and dropped, and the connection
// stays: a device that was disconnected for it would come back and send it again, for ever.
mqtt::Reason Connection::FaultOf(const mqtt::PublishView& publish) const {
  const Limits& limits = options_->limits;
  const std::string_view topic = publish.topic;
  if (topic.size() > limits.topic_bytes ||
      (topic.size() > limits.topic_levels && mqtt::LevelCount(topic) > limits.topic_levels)) {
    return mqtt::Reason::kTopicNameInvalid;
  }
  return publish.payload_format_violated ? mqtt::Reason::kPayloadFormatInvalid
                                         : mqtt::Reason::kSuccess;
}

void Connection::OnFaulty(const mqtt::PublishView& publish, mqtt::Reason fault) {
  const bool topic = fault == mqtt::Reason::kTopicNameInvalid;
  (topic ? worker_.counters.topic_limit : worker_.counters.bad_payload_format).Add();
  if (!worker_.faulty_log_limit.Admit(worker_.now.steady_us)) return;
  operate::Log(operate::LogLevel::kWarning, "publish_refused",
               topic ? "dropped a publish whose topic is too long or too deep: shorten the "
                       "device's topics, or raise "
                       "limits.topic_bytes and limits.topic_levels"
                     : "dropped a publish that declares its payload UTF-8 and is not: correct the "
                       "device's payload "
                       "format indicator",
               {{"identity", identity_},
                {"address", address_},
                {"topic", publish.topic},
                {"suppressed", std::to_string(worker_.faulty_log_limit.TakeSuppressed())}});
}

void Connection::Count(const mqtt::PublishView& publish, size_t packet_size) {
  worker_.counters.received[publish.qos].Add();
  worker_.counters.received_bytes.Add(packet_size);
}

void Connection::OnPublishQos0(const mqtt::PublishView& publish) {
  if (const mqtt::Reason fault = FaultOf(publish); fault != mqtt::Reason::kSuccess)
    return OnFaulty(publish, fault);
  const PublishOutcome outcome =
      worker_.sink.OnPublish({identity_, publish, worker_.now.wall_us, {}});
  switch (outcome.kind) {
    case PublishOutcome::Kind::kTaken:
      return;
    case PublishOutcome::Kind::kForbidden:
      return OnForbidden(publish);
    case PublishOutcome::Kind::kNoRoom:
    case PublishOutcome::Kind::kRefused:
      return worker_.counters.no_room.Add();
  }
}

// Room first, then a place in the queue, then the verdict: a message is judged once, and only when
// it can be kept.
bool Connection::OnPublishQos12(const mqtt::PublishView& publish, size_t packet_size) {
  if (!worker_.sink.HasRoom({identity_, publish, worker_.now.wall_us, {}}, packet_size)) {
    PauseForRoom();
    return false;
  }
  uint32_t sequence = 0;
  switch (queue().Receive(publish.packet_id, publish.qos, &sequence, worker_.now.steady_us)) {
    case session::AckQueue::Receipt::kNew:
      break;
    case session::AckQueue::Receipt::kKnown:
      worker_.counters.duplicates.Add();
      Acknowledge();
      return true;
    case session::AckQueue::Receipt::kRepeat:
      worker_.counters.duplicates.Add();
      SendAck(mqtt::PacketType::kPubrec, publish.packet_id, mqtt::Reason::kSuccess);
      return true;
    case session::AckQueue::Receipt::kQueueFull:
      PauseForWindow();
      return false;
    case session::AckQueue::Receipt::kOverQuota:
      Close(CloseReason::kReceiveMaximum);
      return true;
    case session::AckQueue::Receipt::kTooManyIds:
      Close(CloseReason::kReceiveMaximum, "QoS 2 exchanges without PUBREL",
            mqtt::Reason::kQuotaExceeded);
      return true;
  }
  Count(publish, packet_size);
  Judge(publish, sequence);
  return true;
}

void Connection::Judge(const mqtt::PublishView& publish, uint32_t sequence) {
  if (const mqtt::Reason fault = FaultOf(publish); fault != mqtt::Reason::kSuccess) {
    OnFaulty(publish, fault);
    queue().Judged(sequence, 0, fault);
    return Acknowledge();
  }
  const session::AckTicket ticket = worker_.sessions.TicketFor(*session_, sequence);
  const PublishOutcome outcome =
      worker_.sink.OnPublish({identity_, publish, worker_.now.wall_us, ticket});
  switch (outcome.kind) {
    case PublishOutcome::Kind::kTaken:
      queue().Judged(sequence, outcome.pending);
      break;
    case PublishOutcome::Kind::kForbidden:
      queue().Judged(sequence, 0, mqtt::Reason::kNotAuthorized);
      OnForbidden(publish);
      break;
    case PublishOutcome::Kind::kRefused:
      worker_.counters.overflow.Add();
      queue().Judged(sequence, 0, mqtt::Reason::kQuotaExceeded);
      break;
    case PublishOutcome::Kind::kNoRoom:
      assert(false && "HasRoom() was asked before");
      // Not acknowledged, so the device keeps it; going on would acknowledge what nobody has.
      queue().Judged(sequence, 1);
      Close(CloseReason::kShutdown, "no room", mqtt::Reason::kQuotaExceeded);
      break;
  }
  Acknowledge();
}

void Connection::OnForbidden(const mqtt::PublishView& publish) {
  worker_.counters.forbidden.Add();
  const bool closing = worker_.options.disconnect_forbidden;
  if (closing) return Close(CloseReason::kForbidden, publish.topic);
  if (!worker_.forbidden_log_limit.Admit(worker_.now.steady_us)) return;
  operate::Log(operate::LogLevel::kWarning, "publish_forbidden",
               "dropped a publish outside the device's templates: add one to devices.publish or "
               "devices.each, or correct the device",
               {{"identity", identity_},
                {"address", address_},
                {"topic", publish.topic},
                {"suppressed", std::to_string(worker_.forbidden_log_limit.TakeSuppressed())}});
}

void Connection::Acknowledge() {
  if (closed() || !session_.has_value()) return;
  queue().Drain([this](const session::Ack& ack) {
    SendAck(ack.type, ack.packet_id, ack.reason);
    // 0: the repeated answer to a publish that an earlier connection brought.
    if (ack.received_us == 0) return;
    worker_.counters.ack_latency.Observe(
        static_cast<uint64_t>(worker_.now.steady_us - ack.received_us));
  });
  if (!window_full_) return;
  window_full_ = false;
  last_packet_us_ = worker_.now.steady_us;
  WantRead();
}

void Connection::SendAck(mqtt::PacketType type, uint16_t packet_id, mqtt::Reason reason) {
  Send([&](std::span<char> out) {
    char packet[mqtt::kMaxPlainAck];
    const size_t size = mqtt::EncodePlainAck(type, version_, packet_id, reason, packet);
    if (size <= out.size()) std::memcpy(out.data(), packet, size);
    return size;
  });
}

void Connection::OnPubrel(const mqtt::Frame& frame) {
  const mqtt::Result<mqtt::AckView> release =
      mqtt::DecodeAck(mqtt::PacketType::kPubrel, version_, frame.body);
  if (!release.ok()) return CloseFor(release.reason(), frame.type);
  switch (queue().OnPubrel(release->packet_id)) {
    case session::AckQueue::Release::kDone:
      return SendAck(mqtt::PacketType::kPubcomp, release->packet_id, mqtt::Reason::kSuccess);
    case session::AckQueue::Release::kUnknown:
      return SendAck(mqtt::PacketType::kPubcomp, release->packet_id,
                     mqtt::Reason::kPacketIdNotFound);
    case session::AckQueue::Release::kTooEarly:
      return Close(CloseReason::kProtocolError, "PUBREL before PUBREC");
  }
}

}  // namespace sluice::server
