// PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7), which look alike.
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

// Views point into the bytes it was decoded from.
struct AckView {
  uint16_t packet_id = 0;
  Reason reason = Reason::kSuccess;  // MQTT 3.1.1 has no other
  std::optional<std::string_view> reason_string;
  UserProperties user_properties;
};

// Decodes the body of an acknowledgement of the given type.
Result<AckView> DecodeAck(PacketType type, Version version, std::string_view body);

// Contract of EncodePacket() in writer.h. For MQTT 3.1.1 all but the packet id is left out.
size_t EncodeAck(PacketType type, Version version, const AckView& ack, std::span<char> out);

inline constexpr size_t kMaxPlainAck = 5;

// What the server sends by the million: an acknowledgement without properties. Writes at most
// kMaxPlainAck bytes and returns how many.
inline size_t EncodePlainAck(PacketType type, Version version, uint16_t packet_id, Reason reason,
                             char* out) {
  const bool with_reason = version == Version::k5 && reason != Reason::kSuccess;
  // [MQTT-3.6.1-1]: PUBREL alone has flags, 0010.
  out[0] =
      static_cast<char>(static_cast<unsigned>(type) << 4 | (type == PacketType::kPubrel ? 2 : 0));
  out[1] = with_reason ? 3 : 2;
  out[2] = static_cast<char>(packet_id >> 8);
  out[3] = static_cast<char>(packet_id & 0xff);
  if (!with_reason) return 4;
  out[4] = static_cast<char>(reason);
  return 5;
}

}  // namespace sluice::mqtt
