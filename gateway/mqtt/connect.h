// CONNECT packets (section 3.1) as views into a receive buffer, which they must not outlive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/mqtt/property.h"
#include "gateway/mqtt/protocol.h"
#include "gateway/mqtt/result.h"

namespace sluice::mqtt {

struct WillView {
  std::string_view topic;
  std::string_view payload;
  uint8_t qos = 0;
  bool retain = false;

  // MQTT 5 alone.
  uint32_t delay_s = 0;
  bool payload_is_utf8 = false;
  std::optional<uint32_t> message_expiry_s;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> response_topic;
  std::optional<std::string_view> correlation_data;
  UserProperties user_properties;
};

struct ConnectView {
  Version version = Version::k311;
  bool clean_start = true;     // MQTT 3.1.1: clean session
  uint16_t keep_alive_s = 0;   // 0: none
  std::string_view client_id;  // may be empty: the server then assigns one
  std::optional<WillView> will;
  std::optional<std::string_view> user_name;
  std::optional<std::string_view> password;

  // MQTT 5 alone; the defaults are those of the specification.
  uint32_t session_expiry_s = 0;  // 0xffffffff: never
  uint16_t receive_maximum = 65'535;
  uint32_t maximum_packet_size = kMaxRemainingLength + kMaxFixedHeader;
  uint16_t topic_alias_maximum = 0;
  bool request_response_information = false;
  bool request_problem_information = true;
  std::optional<std::string_view> authentication_method;
  std::optional<std::string_view> authentication_data;
  UserProperties user_properties;
};

// Decodes the body of a CONNECT, what follows the fixed header. Refusals that matter to the answer:
// kUnsupportedProtocolVersion for another level or MQTT 3.1's "MQIsdp", kClientIdentifierNotValid
// for an empty client id that asks 3.1.1 to keep a session [MQTT-3.1.3-8].
Result<ConnectView> DecodeConnect(std::string_view body);

// In which version to answer a CONNECT that was refused: the nearest to what its sender speaks.
Version VersionToAnswer(std::string_view connect_body);

// Contract of EncodePacket() in writer.h.
size_t EncodeConnect(const ConnectView& connect, std::span<char> out);

}  // namespace sluice::mqtt
