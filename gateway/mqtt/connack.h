// CONNACK packets (section 3.2) as views, which must not outlive the bytes they point into.
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

struct ConnackView {
  bool session_present = false;
  Reason reason = Reason::kSuccess;

  // MQTT 5 alone; the defaults are what an absent property means.
  std::optional<uint32_t> session_expiry_s;  // absent: as the client asked
  uint16_t receive_maximum = 65'535;
  uint8_t maximum_qos = 2;
  bool retain_available = true;
  uint32_t maximum_packet_size = kMaxRemainingLength + kMaxFixedHeader;
  std::optional<std::string_view> assigned_client_id;
  uint16_t topic_alias_maximum = 0;
  std::optional<std::string_view> reason_string;
  bool wildcard_subscription_available = true;
  bool subscription_ids_available = true;
  bool shared_subscription_available = true;
  std::optional<uint16_t> server_keep_alive_s;  // absent: as the client asked
  std::optional<std::string_view> response_information;
  std::optional<std::string_view> server_reference;
  std::optional<std::string_view> authentication_method;
  std::optional<std::string_view> authentication_data;
  UserProperties user_properties;
};

// MQTT 3.1.1's return code (its table 3.1) for a reason. It has only five refusals: nullopt for
// every other reason, where a 3.1.1 connection is closed without an answer.
std::optional<uint8_t> ReturnCode311(Reason reason);

// Decodes the body of a CONNACK. MQTT 3.1.1's return codes become the reasons that say the same.
Result<ConnackView> DecodeConnack(Version version, std::string_view body);

// Contract of EncodePacket() in writer.h; 0 also if MQTT 3.1.1 cannot say the reason.
size_t EncodeConnack(Version version, const ConnackView& connack, std::span<char> out);

}  // namespace sluice::mqtt
