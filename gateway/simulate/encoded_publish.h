// A message as the PUBLISH that carries it, complete but for its packet id.
//
// Always MQTT 5: it alone carries content types and properties, and says why it refuses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "filters/language/message_view.h"

namespace sluice::simulate {

struct EncodedPublish {
  std::string bytes;
  size_t packet_id_at = 0;  // where its two bytes lie, if qos is above 0
  uint8_t qos = 0;
};

struct Outgoing {
  std::string_view topic;
  std::string_view payload;
  std::string_view content_type;  // data() is null where there is none
  bool is_utf8 = false;           // payload format indicator 1
  std::span<const language::PropertyView>
      properties;  // as user properties; one without a value gets an empty one
  uint8_t qos = 0;
};

// Replaces `publish`, whose buffer is used again. False if MQTT cannot carry the message.
bool Encode(const Outgoing& outgoing, EncodedPublish* publish);

// Writes `packet_id` (and DUP, for a message sent again) into a packet of QoS 1 or 2 made by
// Encode().
void SetPacketId(std::string& bytes, size_t packet_id_at, uint16_t packet_id);
void SetDup(std::string& bytes);

}  // namespace sluice::simulate
