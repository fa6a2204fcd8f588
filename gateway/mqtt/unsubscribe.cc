#include "gateway/mqtt/unsubscribe.h"

#include "gateway/mqtt/reader.h"
#include "gateway/mqtt/reason_set.h"
#include "gateway/mqtt/topic.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr ReasonSet kUnsubackReasons = {0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91};

Reason CheckFilters(std::string_view bytes, size_t* count) {
  if (bytes.empty()) return Reason::kProtocolError;  // [MQTT-3.10.3-2]
  Reader reader(bytes);
  while (!reader.done()) {
    std::string_view filter;
    if (!reader.Text(&filter)) return Reason::kMalformedPacket;  // [MQTT-3.10.3-1]
    if (!ValidTopicFilter(filter)) return Reason::kTopicFilterInvalid;
    ++*count;
  }
  return Reason::kSuccess;
}

}  // namespace

Result<UnsubscribeView> DecodeUnsubscribe(Version version, std::string_view body) {
  Result<UnsubscribeView> result;
  UnsubscribeView& unsubscribe = *result;
  Reader reader(body);
  if (!reader.TwoBytes(&unsubscribe.packet_id)) return Reason::kMalformedPacket;
  if (unsubscribe.packet_id == 0) return Reason::kProtocolError;  // [MQTT-2.2.1-3]
  if (version == Version::k5) {
    std::string_view block;
    const Reason reason =
        ReadProperties(PacketType::kUnsubscribe, &reader, &block, [](const Property&) {});
    if (reason != Reason::kSuccess) return reason;
    unsubscribe.user_properties = UserProperties(block);
  }
  const Reason reason = CheckFilters(reader.rest(), &unsubscribe.count);
  if (reason != Reason::kSuccess) return reason;
  unsubscribe.filters = FilterList(reader.rest());
  return result;
}

size_t EncodeUnsubscribe(Version version, uint16_t packet_id,
                         std::span<const std::string_view> filters, std::span<char> out,
                         UserProperties user_properties) {
  return EncodePacket(PacketType::kUnsubscribe, 2, out, [&](auto& sink) {
    sink.TwoBytes(packet_id);
    if (version == Version::k5) {
      sink.Sized([&](auto& inner) { WriteUserProperties(inner, user_properties); });
    }
    for (const std::string_view filter : filters) sink.Binary(filter);
  });
}

Result<SubackView> DecodeUnsuback(Version version, std::string_view body) {
  Result<SubackView> result;
  SubackView& unsuback = *result;
  Reader reader(body);
  if (!reader.TwoBytes(&unsuback.packet_id)) return Reason::kMalformedPacket;
  if (unsuback.packet_id == 0) return Reason::kProtocolError;
  if (version == Version::k311) {
    if (!reader.done()) return Reason::kMalformedPacket;
    return result;
  }
  std::string_view block;
  const Reason reason =
      ReadProperties(PacketType::kUnsuback, &reader, &block, [&unsuback](const Property& property) {
        if (property.id == PropertyId::kReasonString) unsuback.reason_string = property.text;
      });
  if (reason != Reason::kSuccess) return reason;
  unsuback.user_properties = UserProperties(block);
  unsuback.reasons = reader.rest();
  if (unsuback.reasons.empty()) return Reason::kMalformedPacket;
  for (size_t i = 0; i < unsuback.reasons.size(); ++i) {
    if (!kUnsubackReasons.Has(unsuback.reason(i)))
      return Reason::kProtocolError;  // [MQTT-3.11.3-2]
  }
  return result;
}

size_t EncodeUnsuback(Version version, uint16_t packet_id, std::span<const Reason> reasons,
                      std::span<char> out, std::optional<std::string_view> reason_string) {
  return EncodePacket(PacketType::kUnsuback, 0, out, [&](auto& sink) {
    sink.TwoBytes(packet_id);
    if (version == Version::k311) return;
    sink.Sized([&](auto& inner) { WriteText(inner, PropertyId::kReasonString, reason_string); });
    for (const Reason reason : reasons) sink.Byte(static_cast<uint8_t>(reason));
  });
}

}  // namespace sluice::mqtt
