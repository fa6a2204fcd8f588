// Cuts a byte stream into packets: the fixed header (section 2.1).
//
// A frame's body is a view into the bytes it was cut from. A packet that is too large, of a
// reserved type or with reserved flags is refused as soon as its header shows it, before its body
// has come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/mqtt/protocol.h"
#include "gateway/mqtt/result.h"

namespace sluice::mqtt {

struct Frame {
  enum class Status : uint8_t { kComplete, kNeedMore, kError };

  Status status = Status::kNeedMore;
  PacketType type{};
  uint8_t flags = 0;                 // the low four bits of the first byte
  Reason reason = Reason::kSuccess;  // of kError
  size_t size =
      0;  // of the whole packet; kNeedMore: how many bytes it will take, 0 if not known yet
  std::string_view body;  // what follows the fixed header

  bool complete() const { return status == Status::kComplete; }
};

namespace internal {

inline Frame RefusedFrame(Reason reason) {
  Frame frame;
  frame.status = Frame::Status::kError;
  frame.reason = reason;
  return frame;
}

// Bit t: a packet of type t may carry flags 0, respectively 2; PUBLISH may carry any
// [MQTT-2.1.3-1].
inline constexpr uint16_t kFlagsZeroTypes = 0xfffe & ~(1u << 6 | 1u << 8 | 1u << 10);
inline constexpr uint16_t kFlagsTwoTypes = 1u << 6 | 1u << 8 | 1u << 10 | 1u << 3;

inline bool HeaderAllowed(uint8_t first) {
  const unsigned type = first >> 4;
  const unsigned flags = first & 0x0f;
  if (type == 3) return true;
  if (flags == 0) return (kFlagsZeroTypes >> type & 1) != 0;
  return flags == 2 && (kFlagsTwoTypes >> type & 1) != 0;
}

// The general case: lengths of two to four bytes, incomplete headers, errors.
Frame NextFrameSlow(std::string_view bytes, size_t max_packet);

}  // namespace internal

// The packet at the front of `bytes`. `max_packet` bounds its whole size, fixed header included, as
// MQTT 5's Maximum Packet Size does: a larger one is refused with kPacketTooLarge. A complete frame
// is followed by the next at bytes.substr(frame.size).
inline Frame NextFrame(std::string_view bytes, size_t max_packet) {
  // Nearly every packet a device sends has one length byte or two, and is all there.
  if (bytes.size() >= 3) {
    const auto first = static_cast<uint8_t>(bytes[0]);
    const auto low = static_cast<uint8_t>(bytes[1]);
    size_t header = 2;
    size_t length = low;
    if (low >= 0x80) {
      const auto high = static_cast<uint8_t>(bytes[2]);
      header = 3;
      length = (low & 0x7f) | static_cast<size_t>(high) << 7;
      if (high == 0 || high >= 0x80) return internal::NextFrameSlow(bytes, max_packet);
    }
    const size_t size = header + length;
    if (size <= bytes.size() && size <= max_packet && internal::HeaderAllowed(first)) {
      Frame frame;
      frame.status = Frame::Status::kComplete;
      frame.type = static_cast<PacketType>(first >> 4);
      frame.flags = first & 0x0f;
      frame.size = size;
      frame.body = bytes.substr(header, length);
      return frame;
    }
  }
  return internal::NextFrameSlow(bytes, max_packet);
}

}  // namespace sluice::mqtt
