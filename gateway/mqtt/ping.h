// PINGREQ and PINGRESP (sections 3.12 and 3.13): a fixed header and nothing else.
#pragma once

#include <string_view>

#include "gateway/mqtt/protocol.h"  // first: GCC warns of PacketType's names if they come after ours
#include "gateway/mqtt/result.h"

namespace sluice::mqtt {

inline constexpr std::string_view kPingreq{"\xc0\x00", 2};
inline constexpr std::string_view kPingresp{"\xd0\x00", 2};

// Either has an empty body.
inline Reason CheckPing(std::string_view body) {
  return body.empty() ? Reason::kSuccess : Reason::kMalformedPacket;
}

}  // namespace sluice::mqtt
