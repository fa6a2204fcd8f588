// The words that all packets share: packet types, protocol versions, who sent it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::mqtt {

// The value is the protocol level in CONNECT.
enum class Version : uint8_t { k311 = 4, k5 = 5 };

// Some packets are allowed other things from a server than from a client.
enum class Sender : uint8_t { kClient, kServer };

enum class PacketType : uint8_t {
  kConnect = 1,
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kPubrec = 5,
  kPubrel = 6,
  kPubcomp = 7,
  kSubscribe = 8,
  kSuback = 9,
  kUnsubscribe = 10,
  kUnsuback = 11,
  kPingreq = 12,
  kPingresp = 13,
  kDisconnect = 14,
  kAuth = 15,
};

// "PUBLISH" for kPublish, "reserved" for a value of no type.
const char* PacketTypeName(PacketType type);

inline constexpr uint32_t kMaxRemainingLength = 268'435'455;  // four length bytes (section 1.5.5)
inline constexpr size_t kMaxFixedHeader = 5;

}  // namespace sluice::mqtt
