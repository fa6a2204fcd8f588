#include "gateway/mqtt/auth.h"

#include "gateway/mqtt/reader.h"
#include "gateway/mqtt/reason_set.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

// Table 3-11 of the specification.
constexpr ReasonSet kClientReasons = {0x18, 0x19};
constexpr ReasonSet kServerReasons = {0x00, 0x18};

void Keep(const Property& property, AuthView* auth) {
  switch (property.id) {
    case PropertyId::kAuthenticationMethod:
      auth->method = property.text;
      break;
    case PropertyId::kAuthenticationData:
      auth->data = property.text;
      break;
    case PropertyId::kReasonString:
      auth->reason_string = property.text;
      break;
    default:
      break;
  }
}

}  // namespace

Result<AuthView> DecodeAuth(Sender sender, std::string_view body) {
  Result<AuthView> result;
  AuthView& auth = *result;
  Reader reader(body);
  std::string_view block;
  uint8_t code = 0;  // an empty body means success without properties (section 3.15.2.1)
  if (!body.empty() && !reader.Byte(&code)) return Reason::kMalformedPacket;
  auth.reason = Reason{code};
  const ReasonSet& allowed = sender == Sender::kClient ? kClientReasons : kServerReasons;
  if (!allowed.Has(auth.reason)) return Reason::kProtocolError;  // [MQTT-3.15.2-1]
  if (body.empty()) return result;

  const Reason reason =
      ReadProperties(PacketType::kAuth, &reader, &block,
                     [&auth](const Property& property) { Keep(property, &auth); });
  if (reason != Reason::kSuccess) return reason;
  if (!reader.done()) return Reason::kMalformedPacket;
  if (!auth.method) return Reason::kProtocolError;  // section 3.15.2.2.2
  auth.user_properties = UserProperties(block);
  return result;
}

size_t EncodeAuth(const AuthView& auth, std::span<char> out) {
  return EncodePacket(PacketType::kAuth, 0, out, [&](auto& sink) {
    if (auth.reason == Reason::kSuccess && !auth.method) return;
    sink.Byte(static_cast<uint8_t>(auth.reason));
    sink.Sized([&](auto& inner) {
      WriteText(inner, PropertyId::kAuthenticationMethod, auth.method);
      WriteText(inner, PropertyId::kAuthenticationData, auth.data);
      WriteText(inner, PropertyId::kReasonString, auth.reason_string);
      WriteUserProperties(inner, auth.user_properties);
    });
  });
}

}  // namespace sluice::mqtt
