#include "gateway/simulate/publisher.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <utility>

#include "gateway/mqtt/ack.h"
#include "gateway/mqtt/connack.h"
#include "gateway/mqtt/connect.h"
#include "gateway/mqtt/disconnect.h"
#include "gateway/mqtt/ping.h"
#include "gateway/mqtt/writer.h"

namespace sluice::simulate {
namespace {

constexpr uint16_t kKeepAliveSeconds = 60;
constexpr uint32_t kSessionExpirySeconds = 600;  // long enough for a gateway to be restarted
constexpr size_t kMaxServerPacket = 1 << 20;     // a server has nothing long to tell a publisher

constexpr int kFruitlessLinks = 3;

std::string Explain(const char* what, mqtt::Reason reason) {
  return fmt::format("{} 0x{:02x} {}", what, static_cast<unsigned>(reason),
                     mqtt::ReasonName(reason));
}

void AppendPubrel(uint16_t packet_id, std::string& out) {
  std::array<char, mqtt::kMaxPlainAck> packet;
  out.append(packet.data(), mqtt::EncodePlainAck(mqtt::PacketType::kPubrel, mqtt::Version::k5,
                                                 packet_id, mqtt::Reason::kSuccess, packet.data()));
}

// The reasons of a DISCONNECT that are about a packet, and will come again with it.
bool BlamesPacket(mqtt::Reason reason) {
  switch (reason) {
    case mqtt::Reason::kMalformedPacket:
    case mqtt::Reason::kProtocolError:
    case mqtt::Reason::kImplementationSpecificError:
    case mqtt::Reason::kNotAuthorized:
    case mqtt::Reason::kTopicNameInvalid:
    case mqtt::Reason::kPacketTooLarge:
    case mqtt::Reason::kPayloadFormatInvalid:
      return true;
    default:
      return false;
  }
}

bool Accepts(mqtt::Reason reason) { return static_cast<uint8_t>(reason) < 0x80; }

}  // namespace

Publisher::Publisher(std::string client_id, uint16_t window, Tally& tally)
    : client_id_(std::move(client_id)),
      window_(window),
      tally_(tally),
      keep_alive_s_(kKeepAliveSeconds) {
  assert(window > 0);
}

void Publisher::OnLinkUp(std::string& out) {
  mqtt::ConnectView connect;
  connect.version = mqtt::Version::k5;
  // The first connection begins anew: packet ids of an earlier run mean nothing now.
  connect.clean_start = !was_connected_;
  connect.keep_alive_s = kKeepAliveSeconds;
  connect.client_id = client_id_;
  connect.session_expiry_s = kSessionExpirySeconds;
  mqtt::AppendPacket(&out, [&](std::span<char> to) { return mqtt::EncodeConnect(connect, to); });
}

void Publisher::OnLinkDown() {
  if (connected_ && unsettled_ > 0) {
    fruitless_links_ = acknowledged_on_link_ ? 0 : fruitless_links_ + 1;
    // A server that closes while much is on its way to it may well lose its own DISCONNECT.
    if (fruitless_links_ >= kFruitlessLinks) probing_ = true;
  }
  connected_ = false;
  acknowledged_on_link_ = false;
  probed_ = 0;
  partial_.clear();
}

std::string Publisher::OnBytes(std::string_view bytes, int64_t now_us, std::string& out) {
  // Packets seldom straddle two reads; then both halves are put together here.
  std::string joined;
  if (!partial_.empty()) {
    joined = std::exchange(partial_, std::string()).append(bytes);
    bytes = joined;
  }
  while (!bytes.empty()) {
    const mqtt::Frame frame = mqtt::NextFrame(bytes, kMaxServerPacket);
    if (frame.status == mqtt::Frame::Status::kError)
      return Explain("the server sent no MQTT:", frame.reason);
    if (!frame.complete()) {
      partial_.assign(bytes);
      break;
    }
    if (std::string why = OnFrame(frame, now_us, out); !why.empty()) return why;
    bytes.remove_prefix(frame.size);
  }
  return {};
}

std::string Publisher::OnFrame(const mqtt::Frame& frame, int64_t now_us, std::string& out) {
  switch (frame.type) {
    case mqtt::PacketType::kConnack:
      return OnConnack(frame.body, out);
    case mqtt::PacketType::kPuback:
    case mqtt::PacketType::kPubrec:
    case mqtt::PacketType::kPubcomp:
      return OnAcknowledgement(frame, now_us, out);
    case mqtt::PacketType::kPingresp:
      return {};
    case mqtt::PacketType::kDisconnect: {
      const auto disconnect =
          mqtt::DecodeDisconnect(mqtt::Version::k5, mqtt::Sender::kServer, frame.body);
      if (!disconnect.ok()) return Explain("malformed DISCONNECT:", disconnect.reason());
      if (BlamesPacket(disconnect->reason)) OnBlame(disconnect->reason);
      return Explain("disconnected by the server:", disconnect->reason);
    }
    default:
      return fmt::format("the server sent {}", mqtt::PacketTypeName(frame.type));
  }
}

std::string Publisher::OnConnack(std::string_view body, std::string& out) {
  if (connected_) return "the server sent a second CONNACK";
  const auto connack = mqtt::DecodeConnack(mqtt::Version::k5, body);
  if (!connack.ok()) return Explain("malformed CONNACK:", connack.reason());
  if (!Accepts(connack->reason))
    return Explain("connection refused by the server:", connack->reason);
  connected_ = true;
  if (!was_connected_) ++tally_.connected;
  was_connected_ = true;
  limit_ = std::min<size_t>(window_, connack->receive_maximum);
  maximum_packet_size_ = connack->maximum_packet_size;
  maximum_qos_ = connack->maximum_qos;
  keep_alive_s_ = connack->server_keep_alive_s.value_or(kKeepAliveSeconds);
  SendAgain(connack->session_present, out);
  return {};
}

std::string Publisher::OnAcknowledgement(const mqtt::Frame& frame, int64_t now_us,
                                         std::string& out) {
  const auto ack = mqtt::DecodeAck(frame.type, mqtt::Version::k5, frame.body);
  if (!ack.ok()) return fmt::format("malformed {}", mqtt::PacketTypeName(frame.type));
  const size_t index = size_t{ack->packet_id} - 1;
  const bool is_pubrec = frame.type == mqtt::PacketType::kPubrec;
  const bool is_pubcomp = frame.type == mqtt::PacketType::kPubcomp;
  if (index >= slots_.size() || slots_[index].state == State::kFree ||
      (is_pubcomp ? slots_[index].state != State::kReleased
                  : slots_[index].qos != (is_pubrec ? 2 : 1))) {
    ++tally_.unexpected;
    return {};
  }
  Slot& slot = slots_[index];
  if (is_pubcomp) {
    Free(ack->packet_id);
    return {};
  }
  if (slot.state == State::kPublished) Settle(slot, ack->reason, now_us);
  if (is_pubrec && Accepts(ack->reason)) {
    slot.state = State::kReleased;
    AppendPubrel(ack->packet_id, out);
  } else {
    Free(ack->packet_id);
  }
  if (ack->packet_id == probed_) ProbeNext(out);
  return {};
}

void Publisher::Settle(Slot& slot, mqtt::Reason reason, int64_t now_us) {
  --unsettled_;
  acknowledged_on_link_ = true;
  if (!Accepts(reason)) {
    ++tally_.refused;
    ++tally_.refusals[Explain("by the server:", reason)];
    return;
  }
  ++tally_.acknowledged;
  tally_.latency.Add(now_us - slot.born_us);
}

void Publisher::Free(uint16_t packet_id) {
  slots_[packet_id - 1u].state = State::kFree;
  free_ids_.push_back(packet_id);
  --in_flight_;
}

void Publisher::RefuseHere(const char* why) {
  ++tally_.refused_locally;
  ++tally_.refusals[fmt::format("not sent: {}", why)];
}

void Publisher::Publish(const EncodedPublish& publish, int64_t born_us, std::string& out) {
  assert(connected_ && HasRoom(publish.qos));
  if (publish.bytes.size() > maximum_packet_size_)
    return RefuseHere("larger than the server's maximum packet size");
  if (publish.qos > maximum_qos_) return RefuseHere("above the server's maximum QoS");
  ++tally_.sent;
  tally_.sent_bytes += publish.bytes.size();
  if (publish.qos == 0) {
    out += publish.bytes;
    return;
  }
  ++tally_.confirmable;
  ++unsettled_;
  ++in_flight_;
  if (free_ids_.empty()) {
    slots_.emplace_back();
    free_ids_.push_back(static_cast<uint16_t>(slots_.size()));
  }
  const uint16_t packet_id = free_ids_.back();
  free_ids_.pop_back();
  Slot& slot = slots_[packet_id - 1u];
  slot.state = State::kPublished;
  slot.qos = publish.qos;
  slot.order = next_order_++;
  slot.born_us = born_us;
  slot.packet.assign(publish.bytes);
  SetPacketId(slot.packet, publish.packet_id_at, packet_id);
  out += slot.packet;
}

std::vector<uint16_t> Publisher::InOrder() const {
  std::vector<uint16_t> ids;
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].state != State::kFree) ids.push_back(static_cast<uint16_t>(i + 1));
  }
  std::sort(ids.begin(), ids.end(),
            [this](uint16_t a, uint16_t b) { return slots_[a - 1u].order < slots_[b - 1u].order; });
  return ids;
}

void Publisher::SendAgain(bool session_present, std::string& out) {
  for (const uint16_t id : InOrder()) {
    if (slots_[id - 1u].state == State::kPublished) {
      if (!probing_) SendSlotAgain(id, out);
    } else if (session_present) {
      AppendPubrel(id, out);
    } else {
      Free(id);  // accepted by PUBREC; a server without the session knows nothing more of it
    }
  }
  if (probing_) ProbeNext(out);
}

void Publisher::SendSlotAgain(uint16_t packet_id, std::string& out) {
  std::string& packet = slots_[packet_id - 1u].packet;
  SetDup(packet);
  out += packet;
  ++tally_.resent;
}

void Publisher::ProbeNext(std::string& out) {
  probed_ = 0;
  for (const uint16_t id : InOrder()) {
    if (slots_[id - 1u].state != State::kPublished) continue;
    probed_ = id;
    return SendSlotAgain(id, out);
  }
  probing_ = false;
  fruitless_links_ = 0;
}

void Publisher::OnBlame(mqtt::Reason reason) {
  if (probed_ != 0) {
    Settle(slots_[probed_ - 1u], reason, 0);
    Free(probed_);
  }
  probing_ = true;
}

void Publisher::Ping(std::string& out) { out += mqtt::kPingreq; }

void Publisher::Disconnect(std::string& out) {
  mqtt::AppendPacket(&out, [](std::span<char> to) {
    return mqtt::EncodeDisconnect(mqtt::Version::k5, mqtt::DisconnectView(), to);
  });
}

}  // namespace sluice::simulate
