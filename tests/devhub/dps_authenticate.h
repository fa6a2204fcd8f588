// Who may register: the Device Provisioning Service's decision when CONNECT arrives (dps-mqtt.md,
// sections 1 and 2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/mqtt/connect.h"
#include "tests/devhub/authenticate.h"
#include "tests/devhub/dps_config.h"

namespace sluice::devhub {

struct DpsAdmission {
  std::string registration_id;  // lower case
  Enrollment enrollment;
  Device device;  // the identity that the hub is to have, with the proof that was shown
  std::string sha1, sha256, subject;  // of the certificate, if it was one
  int64_t token_expiry = 0;           // as in Admission
};

// Whether a CONNECT is for DPS: {idScope}/registrations/{registrationId}/api-version=...
bool IsDpsUserName(std::string_view user_name);

std::variant<DpsAdmission, Refusal> DpsAuthenticate(const DpsConfig& config,
                                                    const mqtt::ConnectView& connect,
                                                    const PeerCertificate& peer, int64_t now_s);

// The key of a group's device: HMAC-SHA256 of its registration id under the group's key.
std::string DeriveKey(std::string_view group_key, std::string_view registration_id);

}  // namespace sluice::devhub
