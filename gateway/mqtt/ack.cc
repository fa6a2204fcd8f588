#include "gateway/mqtt/ack.h"

#include "gateway/mqtt/reader.h"
#include "gateway/mqtt/reason_set.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr ReasonSet kReceivedReasons = {0x00, 0x10, 0x80, 0x83, 0x87,
                                        0x90, 0x91, 0x97, 0x99};  // PUBACK, PUBREC
constexpr ReasonSet kReleaseReasons = {0x00, 0x92};               // PUBREL, PUBCOMP

const ReasonSet& ReasonsOf(PacketType type) {
  return type == PacketType::kPuback || type == PacketType::kPubrec ? kReceivedReasons
                                                                    : kReleaseReasons;
}

}  // namespace

Result<AckView> DecodeAck(PacketType type, Version version, std::string_view body) {
  Result<AckView> result;
  AckView& ack = *result;
  Reader reader(body);
  if (!reader.TwoBytes(&ack.packet_id)) return Reason::kMalformedPacket;
  if (ack.packet_id == 0) return Reason::kProtocolError;  // [MQTT-2.2.1-5]
  if (reader.done()) return result;
  if (version == Version::k311) return Reason::kMalformedPacket;

  uint8_t code = 0;
  if (!reader.Byte(&code)) return Reason::kMalformedPacket;
  ack.reason = Reason{code};
  if (!ReasonsOf(type).Has(ack.reason))
    return Reason::kProtocolError;   // [MQTT-3.4.2-1] and its like
  if (reader.done()) return result;  // the property length may be left out (section 3.4.2.2.1)

  std::string_view block;
  const Reason reason = ReadProperties(type, &reader, &block, [&ack](const Property& property) {
    if (property.id == PropertyId::kReasonString) ack.reason_string = property.text;
  });
  if (reason != Reason::kSuccess) return reason;
  if (!reader.done()) return Reason::kMalformedPacket;
  ack.user_properties = UserProperties(block);
  return result;
}

size_t EncodeAck(PacketType type, Version version, const AckView& ack, std::span<char> out) {
  const bool with_properties =
      version == Version::k5 && (ack.reason_string || !ack.user_properties.empty());
  if (!with_properties) {
    char plain[kMaxPlainAck];
    const size_t size = EncodePlainAck(type, version, ack.packet_id, ack.reason, plain);
    if (size <= out.size()) std::memcpy(out.data(), plain, size);
    return size;
  }
  return EncodePacket(type, type == PacketType::kPubrel ? 2 : 0, out, [&](auto& sink) {
    sink.TwoBytes(ack.packet_id);
    sink.Byte(static_cast<uint8_t>(ack.reason));
    sink.Sized([&](auto& inner) {
      WriteText(inner, PropertyId::kReasonString, ack.reason_string);
      WriteUserProperties(inner, ack.user_properties);
    });
  });
}

}  // namespace sluice::mqtt
