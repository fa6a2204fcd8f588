// Packets written by hand, for tests of the specification's statements on the wire.
#pragma once

#include <string>

#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::server {

inline constexpr int kPublish = 0x30;
inline constexpr int kPubrel = 0x62;
inline constexpr int kSubscribe = 0x82;
inline constexpr int kUnsubscribe = 0xa2;
inline constexpr int kDisconnect = 0xe0;

// A packet shorter than 128 bytes.
inline std::string Packet(int first, const std::string& body) {
  return mqtt::Bytes({first, static_cast<int>(body.size())}) + body;
}

}  // namespace sluice::server
