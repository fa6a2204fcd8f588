#include "gateway/mqtt/publish.h"

#include "gateway/mqtt/reader.h"
#include "gateway/mqtt/topic.h"
#include "gateway/mqtt/utf8.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr unsigned kDupFlag = 8;
constexpr unsigned kRetainFlag = 1;

void Keep(const Property& property, PublishView* publish) {
  switch (property.id) {
    case PropertyId::kPayloadFormatIndicator:
      publish->payload_is_utf8 = property.number == 1;
      break;
    case PropertyId::kMessageExpiryInterval:
      publish->message_expiry_s = property.number;
      break;
    case PropertyId::kContentType:
      publish->content_type = property.text;
      break;
    case PropertyId::kResponseTopic:
      publish->response_topic = property.text;
      break;
    case PropertyId::kCorrelationData:
      publish->correlation_data = property.text;
      break;
    case PropertyId::kTopicAlias:
      publish->topic_alias = static_cast<uint16_t>(property.number);
      break;
    case PropertyId::kSubscriptionIdentifier:
      if (publish->subscription_id == 0) publish->subscription_id = property.number;
      break;
    default:
      break;
  }
}

Reason DecodeProperties(Sender sender, Reader* reader, PublishView* publish) {
  std::string_view block;
  const Reason reason =
      ReadProperties(PacketType::kPublish, reader, &block,
                     [publish](const Property& property) { Keep(property, publish); });
  if (reason != Reason::kSuccess) return reason;
  publish->user_properties = UserProperties(block);
  // [MQTT-3.3.4-6]: a client sends no subscription identifier.
  if (sender == Sender::kClient && publish->subscription_id != 0) return Reason::kProtocolError;
  return Reason::kSuccess;
}

template <typename Sink>
void WriteProperties(Sink& sink, const PublishView& publish) {
  if (publish.payload_is_utf8) WriteNumber(sink, PropertyId::kPayloadFormatIndicator, 1);
  if (publish.message_expiry_s)
    WriteNumber(sink, PropertyId::kMessageExpiryInterval, *publish.message_expiry_s);
  if (publish.topic_alias != 0) WriteNumber(sink, PropertyId::kTopicAlias, publish.topic_alias);
  WriteText(sink, PropertyId::kContentType, publish.content_type);
  WriteText(sink, PropertyId::kResponseTopic, publish.response_topic);
  WriteText(sink, PropertyId::kCorrelationData, publish.correlation_data);
  if (publish.subscription_id != 0)
    WriteNumber(sink, PropertyId::kSubscriptionIdentifier, publish.subscription_id);
  WriteUserProperties(sink, publish.user_properties);
}

Reason Decode(Version version, Sender sender, uint8_t flags, std::string_view body,
              PublishView* publish) {
  publish->dup = (flags & kDupFlag) != 0;
  publish->qos = flags >> 1 & 3;
  publish->retain = (flags & kRetainFlag) != 0;
  if (publish->qos == 3) return Reason::kMalformedPacket;                  // [MQTT-3.3.1-4]
  if (publish->qos == 0 && publish->dup) return Reason::kMalformedPacket;  // [MQTT-3.3.1-2]

  Reader reader(body);
  if (!reader.Text(&publish->topic)) return Reason::kMalformedPacket;
  if (publish->qos > 0) {
    if (!reader.TwoBytes(&publish->packet_id)) return Reason::kMalformedPacket;
    if (publish->packet_id == 0) return Reason::kProtocolError;  // [MQTT-2.2.1-3]
  }
  if (version == Version::k5) {
    const Reason reason = DecodeProperties(sender, &reader, publish);
    if (reason != Reason::kSuccess) return reason;
  }
  if (publish->topic.empty()) {
    // An alias stands for the topic; without one it is a protocol error (section 3.3.2.1,
    // [MQTT-4.7.3-1]).
    if (publish->topic_alias == 0) return Reason::kProtocolError;
  } else if (!ValidTopicNameText(publish->topic)) {
    return Reason::kTopicNameInvalid;  // [MQTT-3.3.2-2]
  }
  publish->payload = reader.rest();
  publish->payload_format_violated = publish->payload_is_utf8 && !ValidUtf8(publish->payload);
  return Reason::kSuccess;
}

}  // namespace

Result<PublishView> DecodePublish(Version version, Sender sender, uint8_t flags,
                                  std::string_view body) {
  // Decoded in place: one variable is returned, so the view is not copied.
  Result<PublishView> result;
  result.Finish(Decode(version, sender, flags, body, &*result));
  return result;
}

size_t EncodePublish(Version version, const PublishView& publish, std::span<char> out) {
  const auto flags =
      static_cast<uint8_t>((publish.dup ? kDupFlag : 0) | static_cast<unsigned>(publish.qos << 1) |
                           (publish.retain ? kRetainFlag : 0));
  return EncodePacket(PacketType::kPublish, flags, out, [&](auto& sink) {
    sink.Binary(publish.topic);
    if (publish.qos > 0) sink.TwoBytes(publish.packet_id);
    if (version == Version::k5) sink.Sized([&](auto& inner) { WriteProperties(inner, publish); });
    sink.Raw(publish.payload);
  });
}

}  // namespace sluice::mqtt
