// What a decoder answers: a value, or why the peer's packet was refused.
//
// A refusal is one byte and costs no allocation, so that junk is cheap to refuse.
#pragma once

#include <cassert>
#include <cstdint>
#include <utility>

namespace sluice::mqtt {

// MQTT 5 reason codes (its section 2.4): they go back on the wire as they are. MQTT 3.1.1 knows a
// few of them under other numbers; the encoders translate.
enum class Reason : uint8_t {
  kSuccess = 0x00,  // also: normal disconnection, granted QoS 0
  kGrantedQos1 = 0x01,
  kGrantedQos2 = 0x02,
  kDisconnectWithWill = 0x04,
  kNoMatchingSubscribers = 0x10,
  kNoSubscriptionExisted = 0x11,
  kContinueAuthentication = 0x18,
  kReauthenticate = 0x19,
  kUnspecifiedError = 0x80,
  kMalformedPacket = 0x81,
  kProtocolError = 0x82,
  kImplementationSpecificError = 0x83,
  kUnsupportedProtocolVersion = 0x84,
  kClientIdentifierNotValid = 0x85,
  kBadUserNameOrPassword = 0x86,
  kNotAuthorized = 0x87,
  kServerUnavailable = 0x88,
  kServerBusy = 0x89,
  kBanned = 0x8a,
  kServerShuttingDown = 0x8b,
  kBadAuthenticationMethod = 0x8c,
  kKeepAliveTimeout = 0x8d,
  kSessionTakenOver = 0x8e,
  kTopicFilterInvalid = 0x8f,
  kTopicNameInvalid = 0x90,
  kPacketIdInUse = 0x91,
  kPacketIdNotFound = 0x92,
  kReceiveMaximumExceeded = 0x93,
  kTopicAliasInvalid = 0x94,
  kPacketTooLarge = 0x95,
  kMessageRateTooHigh = 0x96,
  kQuotaExceeded = 0x97,
  kAdministrativeAction = 0x98,
  kPayloadFormatInvalid = 0x99,
  kRetainNotSupported = 0x9a,
  kQosNotSupported = 0x9b,
  kUseAnotherServer = 0x9c,
  kServerMoved = 0x9d,
  kSharedSubscriptionsNotSupported = 0x9e,
  kConnectionRateExceeded = 0x9f,
  kMaximumConnectTime = 0xa0,
  kSubscriptionIdsNotSupported = 0xa1,
  kWildcardSubscriptionsNotSupported = 0xa2,
};

// The reason's name for logs and metrics: "malformed packet". "unknown reason" for a value of no
// name.
const char* ReasonName(Reason reason);

// A value or a reason. Converts from both, so that decoders just return either.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result() = default;                                     // an empty value, to be filled in place
  Result(const T& value) : value_(value) {}               // NOLINT(google-explicit-constructor)
  Result(T&& value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Result(Reason reason) : reason_(reason), ok_(false) {}  // NOLINT(google-explicit-constructor)

  // After the value was filled in place: kSuccess, or why it is refused after all.
  void Finish(Reason reason) {
    reason_ = reason;
    ok_ = reason == Reason::kSuccess;
  }

  bool ok() const { return ok_; }
  Reason reason() const { return reason_; }  // kSuccess if ok()

  const T& operator*() const {
    assert(ok_);
    return value_;
  }
  const T* operator->() const {
    assert(ok_);
    return &value_;
  }
  T& operator*() {
    assert(ok_);
    return value_;
  }
  T* operator->() {
    assert(ok_);
    return &value_;
  }

 private:
  T value_{};
  Reason reason_ = Reason::kSuccess;
  bool ok_ = true;
};

}  // namespace sluice::mqtt
