// AUTH packets (section 3.15), MQTT 5 alone. Views point into the bytes they were decoded from.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "gateway/mqtt/property.h"
#include "gateway/mqtt/protocol.h"
#include "gateway/mqtt/result.h"

namespace sluice::mqtt {

struct AuthView {
  Reason reason = Reason::kSuccess;
  std::optional<std::string_view> method;  // absent only where the whole body is
  std::optional<std::string_view> data;
  std::optional<std::string_view> reason_string;
  UserProperties user_properties;
};

Result<AuthView> DecodeAuth(Sender sender, std::string_view body);

// Contract of EncodePacket() in writer.h.
size_t EncodeAuth(const AuthView& auth, std::span<char> out);

}  // namespace sluice::mqtt
