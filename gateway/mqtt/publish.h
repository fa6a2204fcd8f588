// PUBLISH packets (section 3.3) as views into a receive buffer.
//
// Decoding copies and allocates nothing: the views of a PublishView point into the bytes it was
// decoded from and live exactly as long as those bytes do.
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

struct PublishView {
  std::string_view topic;  // empty only in MQTT 5 and with an alias
  std::string_view payload;
  uint16_t packet_id = 0;  // QoS 0 carries none [MQTT-2.2.1-2]
  uint8_t qos = 0;
  bool retain = false;
  bool dup = false;

  // MQTT 5 alone.
  bool payload_is_utf8 = false;  // payload format indicator 1
  // The payload is declared UTF-8 and is not. Such a message must be taken by nobody: answer it, or
  // disconnect, with kPayloadFormatInvalid. It is no decoding error, so that a device is not
  // disconnected over and over for a message that it keeps sending again.
  bool payload_format_violated = false;
  uint16_t topic_alias = 0;  // 0: none
  std::optional<uint32_t> message_expiry_s;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> response_topic;
  std::optional<std::string_view> correlation_data;
  uint32_t subscription_id = 0;  // from a server alone; 0: none; the first, if several are sent
  UserProperties user_properties;
};

// Decodes the body of a PUBLISH: what follows the fixed header, whose low four bits are `flags`.
// Whether the alias is known, and within what the receiver allowed, is the connection's to judge.
Result<PublishView> DecodePublish(Version version, Sender sender, uint8_t flags,
                                  std::string_view body);

// Contract of EncodePacket() in writer.h. MQTT 3.1.1 leaves the MQTT 5 members out.
size_t EncodePublish(Version version, const PublishView& publish, std::span<char> out);

}  // namespace sluice::mqtt
