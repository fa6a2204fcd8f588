// DIR/dps.json: an instance of the Device Provisioning Service (dps-mqtt.md), parsed once and
// immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::devhub {

// An individual enrolment, or a group's: what those who come by it must show and what they get.
struct Enrollment {
  std::string name;  // registration id (lower case), or group id
  bool is_group = false;
  std::vector<std::string> keys;         // decoded; a group's are the masters of its devices' keys
  std::vector<std::string> thumbprints;  // individual only; as in Device
  bool ca_signed = false;                // group only: a chain to ca.crt
  bool enabled = true;
  std::string device_id;  // individual only; empty: the registration id
  std::string payload;    // JSON text that a custom allocation returns; may be empty
  int error_code = 0;     // not 0: every registration fails so
  std::string error_message;
};

struct DpsConfig {
  std::string id_scope;
  std::string assigned_hub;  // empty: the hub of devices.json
  std::optional<uint64_t> retry_after_s = 3;
  uint64_t assigning_answers = 1;                          // to polls, before the result
  std::unordered_map<std::string, Enrollment> individual;  // by registration id
  std::vector<Enrollment> groups;
  std::vector<std::string> warnings;

  static absl::StatusOr<DpsConfig> Parse(std::string_view json);
  static absl::StatusOr<DpsConfig> Load(const std::string& path);
};

// 1 to 128 letters, digits and - . _ : with a letter or digit at either end; case does not count.
bool IsRegistrationId(std::string_view id);
std::string LowerCase(std::string_view text);

}  // namespace sluice::devhub
