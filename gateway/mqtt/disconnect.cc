#include "gateway/mqtt/disconnect.h"

#include "gateway/mqtt/reader.h"
#include "gateway/mqtt/reason_set.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

// Table 3-10 of the specification.
constexpr ReasonSet kClientReasons = {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90,
                                      0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99};
constexpr ReasonSet kServerReasons = {0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8d, 0x8e,
                                      0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a,
                                      0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2};

void Keep(const Property& property, DisconnectView* disconnect) {
  switch (property.id) {
    case PropertyId::kSessionExpiryInterval:
      disconnect->session_expiry_s = property.number;
      break;
    case PropertyId::kReasonString:
      disconnect->reason_string = property.text;
      break;
    case PropertyId::kServerReference:
      disconnect->server_reference = property.text;
      break;
    default:
      break;
  }
}

bool HasProperties(const DisconnectView& disconnect) {
  return disconnect.session_expiry_s || disconnect.reason_string || disconnect.server_reference ||
         !disconnect.user_properties.empty();
}

}  // namespace

Result<DisconnectView> DecodeDisconnect(Version version, Sender sender, std::string_view body) {
  Result<DisconnectView> result;
  DisconnectView& disconnect = *result;
  if (body.empty()) return result;  // normal disconnection (section 3.14.2.1)
  if (version == Version::k311) return Reason::kMalformedPacket;

  Reader reader(body);
  uint8_t code = 0;
  if (!reader.Byte(&code)) return Reason::kMalformedPacket;
  disconnect.reason = Reason{code};
  const ReasonSet& allowed = sender == Sender::kClient ? kClientReasons : kServerReasons;
  if (!allowed.Has(disconnect.reason)) return Reason::kProtocolError;  // [MQTT-3.14.2-1]
  if (reader.done()) return result;

  std::string_view block;
  const Reason reason =
      ReadProperties(PacketType::kDisconnect, &reader, &block,
                     [&disconnect](const Property& property) { Keep(property, &disconnect); });
  if (reason != Reason::kSuccess) return reason;
  if (!reader.done()) return Reason::kMalformedPacket;
  disconnect.user_properties = UserProperties(block);
  // [MQTT-3.14.2-2]: a server sends no session expiry. A server reference is the server's to send.
  if (sender == Sender::kServer && disconnect.session_expiry_s) return Reason::kProtocolError;
  if (sender == Sender::kClient && disconnect.server_reference) return Reason::kProtocolError;
  return result;
}

size_t EncodeDisconnect(Version version, const DisconnectView& disconnect, std::span<char> out) {
  return EncodePacket(PacketType::kDisconnect, 0, out, [&](auto& sink) {
    const bool has_properties = HasProperties(disconnect);
    if (version == Version::k311 || (disconnect.reason == Reason::kSuccess && !has_properties))
      return;
    sink.Byte(static_cast<uint8_t>(disconnect.reason));
    if (!has_properties) return;
    sink.Sized([&](auto& inner) {
      if (disconnect.session_expiry_s) {
        WriteNumber(inner, PropertyId::kSessionExpiryInterval, *disconnect.session_expiry_s);
      }
      WriteText(inner, PropertyId::kReasonString, disconnect.reason_string);
      WriteText(inner, PropertyId::kServerReference, disconnect.server_reference);
      WriteUserProperties(inner, disconnect.user_properties);
    });
  });
}

}  // namespace sluice::mqtt
