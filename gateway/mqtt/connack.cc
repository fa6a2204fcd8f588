#include "gateway/mqtt/connack.h"

#include "gateway/mqtt/reader.h"
#include "gateway/mqtt/reason_set.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr ReasonSet kConnackReasons = {0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86,
                                       0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97,
                                       0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f};

constexpr Reason kReasonOfReturnCode[] = {Reason::kSuccess,
                                          Reason::kUnsupportedProtocolVersion,
                                          Reason::kClientIdentifierNotValid,
                                          Reason::kServerUnavailable,
                                          Reason::kBadUserNameOrPassword,
                                          Reason::kNotAuthorized};

void Keep(const Property& property, ConnackView* connack) {
  const bool flag = property.number == 1;
  switch (property.id) {
    case PropertyId::kSessionExpiryInterval:
      connack->session_expiry_s = property.number;
      break;
    case PropertyId::kReceiveMaximum:
      connack->receive_maximum = static_cast<uint16_t>(property.number);
      break;
    case PropertyId::kMaximumQos:
      connack->maximum_qos = static_cast<uint8_t>(property.number);
      break;
    case PropertyId::kRetainAvailable:
      connack->retain_available = flag;
      break;
    case PropertyId::kMaximumPacketSize:
      connack->maximum_packet_size = property.number;
      break;
    case PropertyId::kAssignedClientIdentifier:
      connack->assigned_client_id = property.text;
      break;
    case PropertyId::kTopicAliasMaximum:
      connack->topic_alias_maximum = static_cast<uint16_t>(property.number);
      break;
    case PropertyId::kReasonString:
      connack->reason_string = property.text;
      break;
    case PropertyId::kWildcardSubscriptionAvailable:
      connack->wildcard_subscription_available = flag;
      break;
    case PropertyId::kSubscriptionIdentifierAvailable:
      connack->subscription_ids_available = flag;
      break;
    case PropertyId::kSharedSubscriptionAvailable:
      connack->shared_subscription_available = flag;
      break;
    case PropertyId::kServerKeepAlive:
      connack->server_keep_alive_s = static_cast<uint16_t>(property.number);
      break;
    case PropertyId::kResponseInformation:
      connack->response_information = property.text;
      break;
    case PropertyId::kServerReference:
      connack->server_reference = property.text;
      break;
    case PropertyId::kAuthenticationMethod:
      connack->authentication_method = property.text;
      break;
    case PropertyId::kAuthenticationData:
      connack->authentication_data = property.text;
      break;
    default:
      break;
  }
}

Reason Decode311(uint8_t code, const Reader& reader, ConnackView* connack) {
  if (code >= std::size(kReasonOfReturnCode)) return Reason::kProtocolError;
  connack->reason = kReasonOfReturnCode[code];
  return reader.done() ? Reason::kSuccess : Reason::kMalformedPacket;
}

Reason Decode5(uint8_t code, Reader* reader, ConnackView* connack) {
  connack->reason = Reason{code};
  if (!kConnackReasons.Has(connack->reason)) return Reason::kProtocolError;  // [MQTT-3.2.2-8]
  std::string_view block;
  const Reason reason =
      ReadProperties(PacketType::kConnack, reader, &block,
                     [connack](const Property& property) { Keep(property, connack); });
  if (reason != Reason::kSuccess) return reason;
  connack->user_properties = UserProperties(block);
  return reader->done() ? Reason::kSuccess : Reason::kMalformedPacket;
}

template <typename Sink>
void WriteProperties(Sink& sink, const ConnackView& connack) {
  const ConnackView defaults;
  const auto number = [&sink](PropertyId id, uint32_t value, uint32_t default_value) {
    if (value != default_value) WriteNumber(sink, id, value);
  };
  if (connack.session_expiry_s)
    WriteNumber(sink, PropertyId::kSessionExpiryInterval, *connack.session_expiry_s);
  number(PropertyId::kReceiveMaximum, connack.receive_maximum, defaults.receive_maximum);
  number(PropertyId::kMaximumQos, connack.maximum_qos, defaults.maximum_qos);
  number(PropertyId::kRetainAvailable, connack.retain_available, 1);
  number(PropertyId::kMaximumPacketSize, connack.maximum_packet_size, defaults.maximum_packet_size);
  WriteText(sink, PropertyId::kAssignedClientIdentifier, connack.assigned_client_id);
  number(PropertyId::kTopicAliasMaximum, connack.topic_alias_maximum, 0);
  WriteText(sink, PropertyId::kReasonString, connack.reason_string);
  number(PropertyId::kWildcardSubscriptionAvailable, connack.wildcard_subscription_available, 1);
  number(PropertyId::kSubscriptionIdentifierAvailable, connack.subscription_ids_available, 1);
  number(PropertyId::kSharedSubscriptionAvailable, connack.shared_subscription_available, 1);
  if (connack.server_keep_alive_s)
    WriteNumber(sink, PropertyId::kServerKeepAlive, *connack.server_keep_alive_s);
  WriteText(sink, PropertyId::kResponseInformation, connack.response_information);
  WriteText(sink, PropertyId::kServerReference, connack.server_reference);
  WriteText(sink, PropertyId::kAuthenticationMethod, connack.authentication_method);
  WriteText(sink, PropertyId::kAuthenticationData, connack.authentication_data);
  WriteUserProperties(sink, connack.user_properties);
}

}  // namespace

std::optional<uint8_t> ReturnCode311(Reason reason) {
  switch (reason) {
    case Reason::kSuccess:
      return 0;
    case Reason::kUnsupportedProtocolVersion:
      return 1;
    case Reason::kClientIdentifierNotValid:
      return 2;
    case Reason::kServerUnavailable:
    case Reason::kServerBusy:
    case Reason::kServerShuttingDown:
    case Reason::kQuotaExceeded:
    case Reason::kConnectionRateExceeded:
      return 3;
    case Reason::kBadUserNameOrPassword:
      return 4;
    case Reason::kNotAuthorized:
    case Reason::kBanned:
      return 5;
    default:
      return std::nullopt;
  }
}

Result<ConnackView> DecodeConnack(Version version, std::string_view body) {
  Result<ConnackView> result;
  Reader reader(body);
  uint8_t flags = 0;
  uint8_t code = 0;
  if (!reader.Byte(&flags) || !reader.Byte(&code)) return Reason::kMalformedPacket;
  if (flags > 1) return Reason::kMalformedPacket;              // [MQTT-3.2.2-1]
  if (flags == 1 && code != 0) return Reason::kProtocolError;  // [MQTT-3.2.2-6]
  result->session_present = flags == 1;
  const Reason reason =
      version == Version::k5 ? Decode5(code, &reader, &*result) : Decode311(code, reader, &*result);
  if (reason != Reason::kSuccess) return reason;
  return result;
}

size_t EncodeConnack(Version version, const ConnackView& connack, std::span<char> out) {
  const bool is_v5 = version == Version::k5;
  const std::optional<uint8_t> code =
      is_v5 ? static_cast<uint8_t>(connack.reason) : ReturnCode311(connack.reason);
  if (!code.has_value()) return 0;
  return EncodePacket(PacketType::kConnack, 0, out, [&](auto& sink) {
    sink.Byte(connack.session_present ? 1 : 0);
    sink.Byte(*code);
    if (is_v5) sink.Sized([&](auto& inner) { WriteProperties(inner, connack); });
  });
}

}  // namespace sluice::mqtt
