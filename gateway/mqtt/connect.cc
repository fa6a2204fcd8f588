#include "gateway/mqtt/connect.h"

#include "gateway/mqtt/reader.h"
#include "gateway/mqtt/topic.h"
#include "gateway/mqtt/utf8.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr unsigned kUserNameFlag = 0x80;
constexpr unsigned kPasswordFlag = 0x40;
constexpr unsigned kWillRetainFlag = 0x20;
constexpr unsigned kWillQosShift = 3;
constexpr unsigned kWillFlag = 0x04;
constexpr unsigned kCleanStartFlag = 0x02;
constexpr unsigned kReservedFlag = 0x01;

// Protocol name and level (sections 3.1.2.1 and 3.1.2.2).
Reason DecodeProtocol(Reader* reader, Version* version) {
  std::string_view name;
  uint8_t level = 0;
  if (!reader->Text(&name) || !reader->Byte(&level)) return Reason::kMalformedPacket;
  if (name == "MQIsdp") return Reason::kUnsupportedProtocolVersion;  // MQTT 3.1
  if (name != "MQTT") return Reason::kMalformedPacket;  // [MQTT-3.1.2-1]: nothing that speaks MQTT
  if (level != static_cast<uint8_t>(Version::k311) && level != static_cast<uint8_t>(Version::k5)) {
    return Reason::kUnsupportedProtocolVersion;  // [MQTT-3.1.2-2]
  }
  *version = Version{level};
  return Reason::kSuccess;
}

Reason CheckFlags(Version version, unsigned flags) {
  if ((flags & kReservedFlag) != 0) return Reason::kMalformedPacket;  // [MQTT-3.1.2-3]
  const unsigned will_qos = flags >> kWillQosShift & 3;
  if (will_qos == 3) return Reason::kMalformedPacket;  // [MQTT-3.1.2-12]
  if ((flags & kWillFlag) == 0 && (will_qos != 0 || (flags & kWillRetainFlag) != 0)) {
    return Reason::kMalformedPacket;  // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
  }
  // 3.1.1's [MQTT-3.1.2-22]; MQTT 5 allows a password alone.
  if (version == Version::k311 && (flags & kPasswordFlag) != 0 && (flags & kUserNameFlag) == 0) {
    return Reason::kMalformedPacket;
  }
  return Reason::kSuccess;
}

void Keep(const Property& property, ConnectView* connect) {
  switch (property.id) {
    case PropertyId::kSessionExpiryInterval:
      connect->session_expiry_s = property.number;
      break;
    case PropertyId::kReceiveMaximum:
      connect->receive_maximum = static_cast<uint16_t>(property.number);
      break;
    case PropertyId::kMaximumPacketSize:
      connect->maximum_packet_size = property.number;
      break;
    case PropertyId::kTopicAliasMaximum:
      connect->topic_alias_maximum = static_cast<uint16_t>(property.number);
      break;
    case PropertyId::kRequestResponseInformation:
      connect->request_response_information = property.number == 1;
      break;
    case PropertyId::kRequestProblemInformation:
      connect->request_problem_information = property.number == 1;
      break;
    case PropertyId::kAuthenticationMethod:
      connect->authentication_method = property.text;
      break;
    case PropertyId::kAuthenticationData:
      connect->authentication_data = property.text;
      break;
    default:
      break;
  }
}

void Keep(const Property& property, WillView* will) {
  switch (property.id) {
    case PropertyId::kWillDelayInterval:
      will->delay_s = property.number;
      break;
    case PropertyId::kPayloadFormatIndicator:
      will->payload_is_utf8 = property.number == 1;
      break;
    case PropertyId::kMessageExpiryInterval:
      will->message_expiry_s = property.number;
      break;
    case PropertyId::kContentType:
      will->content_type = property.text;
      break;
    case PropertyId::kResponseTopic:
      will->response_topic = property.text;
      break;
    case PropertyId::kCorrelationData:
      will->correlation_data = property.text;
      break;
    default:
      break;
  }
}

Reason DecodeConnectProperties(Reader* reader, ConnectView* connect) {
  std::string_view block;
  const Reason reason =
      ReadProperties(PacketType::kConnect, reader, &block,
                     [connect](const Property& property) { Keep(property, connect); });
  if (reason != Reason::kSuccess) return reason;
  connect->user_properties = UserProperties(block);
  // Section 3.1.2.11.10: data without a method.
  if (connect->authentication_data && !connect->authentication_method)
    return Reason::kProtocolError;
  return Reason::kSuccess;
}

Reason DecodeWill(Version version, unsigned flags, Reader* reader, WillView* will) {
  will->qos = flags >> kWillQosShift & 3;
  will->retain = (flags & kWillRetainFlag) != 0;
  if (version == Version::k5) {
    std::string_view block;
    const Reason reason =
        ReadProperties(kWillProperties, reader, &block,
                       [will](const Property& property) { Keep(property, will); });
    if (reason != Reason::kSuccess) return reason;
    will->user_properties = UserProperties(block);
  }
  if (!reader->Text(&will->topic) || !reader->Binary(&will->payload))
    return Reason::kMalformedPacket;
  if (!ValidTopicNameText(will->topic)) return Reason::kTopicNameInvalid;
  if (will->payload_is_utf8 && !ValidUtf8(will->payload)) return Reason::kPayloadFormatInvalid;
  return Reason::kSuccess;
}

// The payload (section 3.1.3): what the flags announce, in this order, and nothing after it.
Reason DecodePayload(unsigned flags, Reader* reader, ConnectView* connect) {
  if (!reader->Text(&connect->client_id)) return Reason::kMalformedPacket;
  if ((flags & kWillFlag) != 0) {
    const Reason reason = DecodeWill(connect->version, flags, reader, &connect->will.emplace());
    if (reason != Reason::kSuccess) return reason;
  }
  if ((flags & kUserNameFlag) != 0 && !reader->Text(&connect->user_name.emplace()))
    return Reason::kMalformedPacket;
  if ((flags & kPasswordFlag) != 0 && !reader->Binary(&connect->password.emplace()))
    return Reason::kMalformedPacket;
  if (!reader->done()) return Reason::kMalformedPacket;
  if (connect->version == Version::k311 && connect->client_id.empty() && !connect->clean_start) {
    return Reason::kClientIdentifierNotValid;
  }
  return Reason::kSuccess;
}

uint8_t FlagsOf(const ConnectView& connect) {
  unsigned flags = 0;
  if (connect.clean_start) flags |= kCleanStartFlag;
  if (connect.user_name) flags |= kUserNameFlag;
  if (connect.password) flags |= kPasswordFlag;
  if (connect.will) {
    flags |= kWillFlag | static_cast<unsigned>(connect.will->qos) << kWillQosShift;
    if (connect.will->retain) flags |= kWillRetainFlag;
  }
  return static_cast<uint8_t>(flags);
}

template <typename Sink>
void WriteConnectProperties(Sink& sink, const ConnectView& connect) {
  const ConnectView defaults;
  const auto number = [&sink](PropertyId id, uint32_t value, uint32_t default_value) {
    if (value != default_value) WriteNumber(sink, id, value);
  };
  number(PropertyId::kSessionExpiryInterval, connect.session_expiry_s, defaults.session_expiry_s);
  number(PropertyId::kReceiveMaximum, connect.receive_maximum, defaults.receive_maximum);
  number(PropertyId::kMaximumPacketSize, connect.maximum_packet_size, defaults.maximum_packet_size);
  number(PropertyId::kTopicAliasMaximum, connect.topic_alias_maximum, defaults.topic_alias_maximum);
  number(PropertyId::kRequestResponseInformation, connect.request_response_information, 0);
  number(PropertyId::kRequestProblemInformation, connect.request_problem_information, 1);
  WriteText(sink, PropertyId::kAuthenticationMethod, connect.authentication_method);
  WriteText(sink, PropertyId::kAuthenticationData, connect.authentication_data);
  WriteUserProperties(sink, connect.user_properties);
}

template <typename Sink>
void WriteWillProperties(Sink& sink, const WillView& will) {
  if (will.delay_s != 0) WriteNumber(sink, PropertyId::kWillDelayInterval, will.delay_s);
  if (will.payload_is_utf8) WriteNumber(sink, PropertyId::kPayloadFormatIndicator, 1);
  if (will.message_expiry_s)
    WriteNumber(sink, PropertyId::kMessageExpiryInterval, *will.message_expiry_s);
  WriteText(sink, PropertyId::kContentType, will.content_type);
  WriteText(sink, PropertyId::kResponseTopic, will.response_topic);
  WriteText(sink, PropertyId::kCorrelationData, will.correlation_data);
  WriteUserProperties(sink, will.user_properties);
}

}  // namespace

Result<ConnectView> DecodeConnect(std::string_view body) {
  Result<ConnectView> result;
  ConnectView& connect = *result;
  Reader reader(body);
  Reason reason = DecodeProtocol(&reader, &connect.version);
  if (reason != Reason::kSuccess) return reason;

  uint8_t flags = 0;
  if (!reader.Byte(&flags) || !reader.TwoBytes(&connect.keep_alive_s))
    return Reason::kMalformedPacket;
  reason = CheckFlags(connect.version, flags);
  if (reason != Reason::kSuccess) return reason;
  connect.clean_start = (flags & kCleanStartFlag) != 0;

  if (connect.version == Version::k5) {
    reason = DecodeConnectProperties(&reader, &connect);
    if (reason != Reason::kSuccess) return reason;
  }
  reason = DecodePayload(flags, &reader, &connect);
  if (reason != Reason::kSuccess) return reason;
  return result;
}

Version VersionToAnswer(std::string_view connect_body) {
  Reader reader(connect_body);
  std::string_view name;
  uint8_t level = 0;
  const bool is_later = reader.Binary(&name) && name == "MQTT" && reader.Byte(&level) && level >= 5;
  return is_later ? Version::k5 : Version::k311;
}

size_t EncodeConnect(const ConnectView& connect, std::span<char> out) {
  const bool is_v5 = connect.version == Version::k5;
  return EncodePacket(PacketType::kConnect, 0, out, [&](auto& sink) {
    sink.Binary("MQTT");
    sink.Byte(static_cast<uint8_t>(connect.version));
    sink.Byte(FlagsOf(connect));
    sink.TwoBytes(connect.keep_alive_s);
    if (is_v5) sink.Sized([&](auto& inner) { WriteConnectProperties(inner, connect); });
    sink.Binary(connect.client_id);
    if (connect.will) {
      if (is_v5) sink.Sized([&](auto& inner) { WriteWillProperties(inner, *connect.will); });
      sink.Binary(connect.will->topic);
      sink.Binary(connect.will->payload);
    }
    if (connect.user_name) sink.Binary(*connect.user_name);
    if (connect.password) sink.Binary(*connect.password);
  });
}

}  // namespace sluice::mqtt
