// The Device Provisioning Service: registrations under way and done (dps-mqtt.md, sections 3 to 5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/devhub/dps_authenticate.h"
#include "tests/devhub/dps_config.h"
#include "tests/devhub/faults.h"

namespace sluice::devhub {

class Hub;

// What a request is answered with: $dps/registrations/res/{status}/?$rid=…[&retry-after=…].
struct DpsAnswer {
  int status = 200;
  std::optional<uint64_t> retry_after_s;
  std::string body;  // JSON
};

class Dps {
 public:
  // The hub, in which identities are made, must outlive it.
  Dps(Hub& hub, DpsConfig config);

  const DpsConfig& config() const { return config_; }
  void SetConfig(DpsConfig config) { config_ = std::move(config); }

  // Begins a registration in place of an earlier one of the same id.
  DpsAnswer Register(const DpsAdmission& admission, std::string_view body);
  DpsAnswer Poll(const DpsAdmission& admission, std::string_view operation_id);

 private:
  struct Registration {
    explicit Registration(std::string created);
    std::string operation_id;
    std::string created;
    uint64_t assigning_left = 0;
    bool done = false;
    uint64_t assignments = 0;
    Throttle polls;
  };

  std::string NewOperationId();
  std::string Now() const;
  DpsAnswer Error(int status, int error_code, std::string_view message) const;
  DpsAnswer Assigning(const Registration& registration) const;
  DpsAnswer Result(const DpsAdmission& admission, Registration* registration);

  Hub& hub_;
  DpsConfig config_;
  Throttle registrations_;  // of the instance
  std::unordered_map<std::string, Registration> by_id_;
  uint64_t next_operation_ = 1;
};

}  // namespace sluice::devhub
