// Why a connection ended, once its handshake was over: labels for counters, sentences for the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/mqtt/result.h"

namespace sluice::server {

enum class CloseReason : uint8_t {
  // Before CONNECT was accepted: these refuse a connection.
  kConnectTimeout,
  kNotConnect,  // the first packet is another
  kMalformedConnect,
  kProtocolVersion,
  kClientId,
  kAuthenticationMethod,
  kTooManySessions,
  kGone,  // the peer left without a CONNECT

  // After.
  kDisconnected,  // by DISCONNECT
  kPeerClosed,    // without one
  kTransport,     // the socket or TLS broke
  kKeepAlive,
  kTakenOver,
  kMalformed,
  kProtocolError,
  kPacketTooLarge,
  kReceiveMaximum,
  kTopicAlias,
  kForbidden,
  kSlowReader,
  kKicked,  // whoever operates the gateway wants it gone
  kShutdown,
};
inline constexpr size_t kCloseReasonCount = static_cast<size_t>(CloseReason::kShutdown) + 1;

struct CloseReasonText {
  std::string_view label;     // of metrics: stable, snake case
  std::string_view sentence;  // what happened
  std::string_view advice;    // what the operator can do; may be empty
  mqtt::Reason code;          // to the peer; kSuccess: nothing is said
};
const CloseReasonText& TextOf(CloseReason reason);

// Whether it ended a connection that never came to be.
constexpr bool IsRefusal(CloseReason reason) { return reason <= CloseReason::kGone; }

}  // namespace sluice::server
