#include "gateway/mqtt/protocol.h"

#include "gateway/mqtt/result.h"

namespace sluice::mqtt {

const char* PacketTypeName(PacketType type) {
  static constexpr const char* kNames[16] = {"reserved",  "CONNECT",  "CONNACK",     "PUBLISH",
                                             "PUBACK",    "PUBREC",   "PUBREL",      "PUBCOMP",
                                             "SUBSCRIBE", "SUBACK",   "UNSUBSCRIBE", "UNSUBACK",
                                             "PINGREQ",   "PINGRESP", "DISCONNECT",  "AUTH"};
  return kNames[static_cast<uint8_t>(type) & 0x0f];
}

const char* ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kSuccess:
      return "success";
    case Reason::kGrantedQos1:
      return "granted QoS 1";
    case Reason::kGrantedQos2:
      return "granted QoS 2";
    case Reason::kDisconnectWithWill:
      return "disconnect with will";
    case Reason::kNoMatchingSubscribers:
      return "no matching subscribers";
    case Reason::kNoSubscriptionExisted:
      return "no subscription existed";
    case Reason::kContinueAuthentication:
      return "continue authentication";
    case Reason::kReauthenticate:
      return "re-authenticate";
    case Reason::kUnspecifiedError:
      return "unspecified error";
    case Reason::kMalformedPacket:
      return "malformed packet";
    case Reason::kProtocolError:
      return "protocol error";
    case Reason::kImplementationSpecificError:
      return "implementation specific error";
    case Reason::kUnsupportedProtocolVersion:
      return "unsupported protocol version";
    case Reason::kClientIdentifierNotValid:
      return "client identifier not valid";
    case Reason::kBadUserNameOrPassword:
      return "bad user name or password";
    case Reason::kNotAuthorized:
      return "not authorized";
    case Reason::kServerUnavailable:
      return "server unavailable";
    case Reason::kServerBusy:
      return "server busy";
    case Reason::kBanned:
      return "banned";
    case Reason::kServerShuttingDown:
      return "server shutting down";
    case Reason::kBadAuthenticationMethod:
      return "bad authentication method";
    case Reason::kKeepAliveTimeout:
      return "keep alive timeout";
    case Reason::kSessionTakenOver:
      return "session taken over";
    case Reason::kTopicFilterInvalid:
      return "topic filter invalid";
    case Reason::kTopicNameInvalid:
      return "topic name invalid";
    case Reason::kPacketIdInUse:
      return "packet identifier in use";
    case Reason::kPacketIdNotFound:
      return "packet identifier not found";
    case Reason::kReceiveMaximumExceeded:
      return "receive maximum exceeded";
    case Reason::kTopicAliasInvalid:
      return "topic alias invalid";
    case Reason::kPacketTooLarge:
      return "packet too large";
    case Reason::kMessageRateTooHigh:
      return "message rate too high";
    case Reason::kQuotaExceeded:
      return "quota exceeded";
    case Reason::kAdministrativeAction:
      return "administrative action";
    case Reason::kPayloadFormatInvalid:
      return "payload format invalid";
    case Reason::kRetainNotSupported:
      return "retain not supported";
    case Reason::kQosNotSupported:
      return "QoS not supported";
    case Reason::kUseAnotherServer:
      return "use another server";
    case Reason::kServerMoved:
      return "server moved";
    case Reason::kSharedSubscriptionsNotSupported:
      return "shared subscriptions not supported";
    case Reason::kConnectionRateExceeded:
      return "connection rate exceeded";
    case Reason::kMaximumConnectTime:
      return "maximum connect time";
    case Reason::kSubscriptionIdsNotSupported:
      return "subscription identifiers not supported";
    case Reason::kWildcardSubscriptionsNotSupported:
      return "wildcard subscriptions not supported";
  }
  return "unknown reason";
}

}  // namespace sluice::mqtt
