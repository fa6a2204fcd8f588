// DISCONNECT packets (section 3.14). Views point into the bytes they were decoded from.
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

struct DisconnectView {
  Reason reason = Reason::kSuccess;

  // MQTT 5 alone.
  std::optional<uint32_t> session_expiry_s;  // from a client alone; absent: as CONNECT said
  std::optional<std::string_view> reason_string;
  std::optional<std::string_view> server_reference;
  UserProperties user_properties;
};

Result<DisconnectView> DecodeDisconnect(Version version, Sender sender, std::string_view body);

// Contract of EncodePacket() in writer.h. MQTT 3.1.1's DISCONNECT has no body, and only clients
// send it.
size_t EncodeDisconnect(Version version, const DisconnectView& disconnect, std::span<char> out);

}  // namespace sluice::mqtt
