#include "gateway/mqtt/frame.h"

namespace sluice::mqtt::internal {

Frame NextFrameSlow(std::string_view bytes, size_t max_packet) {
  Frame frame;
  if (bytes.empty()) return frame;
  const auto first = static_cast<uint8_t>(bytes[0]);
  if (!HeaderAllowed(first)) return RefusedFrame(Reason::kMalformedPacket);

  size_t length = 0;
  size_t header = 1;
  for (unsigned shift = 0;; shift += 7) {
    if (shift == 28) return RefusedFrame(Reason::kMalformedPacket);  // a fifth length byte
    if (header == bytes.size()) return frame;
    const auto byte = static_cast<uint8_t>(bytes[header++]);
    length |= static_cast<size_t>(byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    // [MQTT-1.5.5-1]: the shortest form only. MQTT 3.1.1 does not say so, but no known client pads.
    if (byte == 0 && shift > 0) return RefusedFrame(Reason::kMalformedPacket);
    break;
  }

  frame.type = static_cast<PacketType>(first >> 4);
  frame.flags = first & 0x0f;
  frame.size = header + length;
  if (frame.size > max_packet) return RefusedFrame(Reason::kPacketTooLarge);
  if (frame.size > bytes.size()) return frame;
  frame.status = Frame::Status::kComplete;
  frame.body = bytes.substr(header, length);
  return frame;
}

}  // namespace sluice::mqtt::internal
