#include "gateway/server/close_reason.h"

namespace sluice::server {
namespace {

using mqtt::Reason;

constexpr CloseReasonText kTexts[kCloseReasonCount] = {
    {"connect_timeout", "no CONNECT came in time", "check that an MQTT client is at the other end",
     Reason::kSuccess},
    {"not_connect", "the first packet is no CONNECT",
     "check that an MQTT client is at the other end", Reason::kSuccess},
    {"malformed_connect", "its CONNECT is malformed", "look into the client's MQTT library",
     Reason::kMalformedPacket},
    {"mqtt_version", "it speaks neither MQTT 3.1.1 nor 5.0", "set the client to one of the two",
     Reason::kUnsupportedProtocolVersion},
    {"client_id", "its client id is not its identity",
     "set the client id to the certificate's identity, or devices.client_id to any",
     Reason::kClientIdentifierNotValid},
    {"authentication_method", "it asks for extended authentication",
     "set no authentication method: the certificate proves who it is",
     Reason::kBadAuthenticationMethod},
    {"too_many_sessions", "there is no room for another session",
     "raise the number of sessions, or let devices start clean", Reason::kQuotaExceeded},
    {"gone", "it left before CONNECT", "none if it was a probe; else look at the client's log",
     Reason::kSuccess},

    {"disconnected", "it said goodbye", "", Reason::kSuccess},
    {"peer_closed", "it left without DISCONNECT", "look at the client's log and the network",
     Reason::kSuccess},
    {"transport", "the network or TLS broke", "look at the client's log and the network",
     Reason::kSuccess},
    {"keep_alive", "nothing came for one and a half times its keep alive",
     "check the network, or raise the client's keep alive", Reason::kKeepAliveTimeout},
    {"taken_over", "another connection of the same identity and client id took its place",
     "if this repeats, two devices share one certificate", Reason::kSessionTakenOver},
    {"malformed", "it sent a malformed packet", "look into the client's MQTT library",
     Reason::kMalformedPacket},
    {"protocol_error", "it broke the protocol", "look into the client's MQTT library",
     Reason::kProtocolError},
    {"packet_too_large", "it sent a packet above the limit",
     "send smaller messages, or raise limits.packet_bytes", Reason::kPacketTooLarge},
    {"receive_maximum", "it sent more unacknowledged messages than the receive maximum",
     "make the client heed the receive maximum in CONNACK", Reason::kReceiveMaximumExceeded},
    {"topic_alias", "it used a topic alias, of which it is allowed none",
     "make the client heed the topic alias maximum in CONNACK", Reason::kTopicAliasInvalid},
    {"forbidden", "it published outside its templates",
     "add a template to devices.publish, or correct the device", Reason::kNotAuthorized},
    {"slow_reader", "it does not read what it is sent", "look at the client and the network",
     Reason::kSuccess},
    {"kicked", "it was disconnected on demand", "", Reason::kAdministrativeAction},
    {"shutdown", "the gateway is stopping", "", Reason::kServerShuttingDown},
};

}  // namespace

const CloseReasonText& TextOf(CloseReason reason) { return kTexts[static_cast<size_t>(reason)]; }

}  // namespace sluice::server
