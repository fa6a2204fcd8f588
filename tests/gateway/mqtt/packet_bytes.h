// Packets written by hand, for tests: bytes that no encoder of ours would produce included.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "gateway/mqtt/frame.h"
#include "gateway/mqtt/writer.h"

namespace sluice::mqtt {

// Bytes({0x10, 0x00}) + Str("MQTT") + …
inline std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

// With two bytes of length in front.
inline std::string Str(std::string_view text) {
  return Bytes({static_cast<int>(text.size() >> 8), static_cast<int>(text.size() & 0xff)}) +
         std::string(text);
}

// A property block, shorter than 128 bytes, with its length in front.
inline std::string Props(std::string_view block) {
  return Bytes({static_cast<int>(block.size())}) + std::string(block);
}

// The bytes that `encode`, with the contract of EncodePacket(), encodes. Empty if there are none.
template <typename Encode>
std::string Encoded(const Encode& encode) {
  std::string bytes;
  AppendPacket(&bytes, encode);
  return bytes;
}

// The body of a whole packet.
inline std::string_view BodyOf(std::string_view packet) {
  return NextFrame(packet, packet.size()).body;
}

}  // namespace sluice::mqtt
