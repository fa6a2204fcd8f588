// Why the hub refuses or closes, as its Connections log names it (sheet, section 13), and why it
// refuses a back end.
#pragma once

#include <string>
#include <string_view>

namespace sluice::devhub {

struct HubError {
  int code;  // 0: the hub's log is not known to have a number for it
  std::string_view name;
};

// With what this case's was. Of a client, it closes the connection.
struct Failure {
  HubError error;
  std::string detail;
};

inline constexpr HubError kUnauthorized = {401003, "IotHubUnauthorized"};
inline constexpr HubError kDeviceDisabled = {403012, "DeviceDisabled"};
inline constexpr HubError kQuotaExceeded = {403002, "IotHubQuotaExceeded"};
inline constexpr HubError kClosedRemotely = {404104, "DeviceConnectionClosedRemotely"};
inline constexpr HubError kTakenOver = {400027, "ConnectionForcefullyClosedOnNewConnection"};
inline constexpr HubError kServiceUpgrade = {400029, "ConnectionForcefullyClosedOnFault"};
inline constexpr HubError kThrottled = {429001, "ThrottlingException"};
inline constexpr HubError kServerError = {500001, "ServerError"};
inline constexpr HubError kBadClientId = {0, "ClientIdRejected"};
inline constexpr HubError kBadUserName = {0, "BadUserName"};
inline constexpr HubError kBadProtocol = {0, "UnsupportedProtocol"};
inline constexpr HubError kBadPacket = {0, "ProtocolViolation"};
inline constexpr HubError kBadTopic = {0, "TopicNotSupported"};
inline constexpr HubError kBadProperties = {0, "BadPropertyBag"};
inline constexpr HubError kBadTwinPatch = {0, "TwinPatchRefused"};  // answered 400, not closed
inline constexpr HubError kTooLarge = {0, "MessageTooLarge"};
inline constexpr HubError kBadQos = {0, "QosNotSupported"};
inline constexpr HubError kTlsFailed = {0, "TlsHandshakeFailed"};
inline constexpr HubError kConnectTimeout = {0, "ConnectTimeout"};
inline constexpr HubError kIgnoredFilter = {0, "SubscriptionIgnored"};  // edgeHub's way
inline constexpr HubError kTooManyClients = {0, "TooManyClients"};      // edgeHub's limit

// Of the Device Provisioning Service.
inline constexpr HubError kDpsUnauthorized = {401002, "DpsUnauthorized"};

// Told to back ends.
inline constexpr HubError kBadArgument = {400004, "ArgumentInvalid"};
inline constexpr HubError kQueueFull = {403004, "DeviceMaximumQueueDepthExceeded"};
inline constexpr HubError kDeviceNotFound = {404001, "DeviceNotFound"};
inline constexpr HubError kModuleNotFound = {404010, "ModuleNotFound"};
inline constexpr HubError kNotOnline = {404103, "DeviceNotOnline"};
inline constexpr HubError kMethodTimeout = {504101, "GatewayTimeout"};
inline constexpr HubError kBadMethodReply = {0, "BadMethodReply"};
inline constexpr HubError kNotInTier = {0, "OperationNotAllowedInCurrentTier"};
inline constexpr HubError kNotForModules = {0, "OperationNotAllowedForModules"};

}  // namespace sluice::devhub
