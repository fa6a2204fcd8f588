// Every simulated device's certificate and key, from the folder that `sluice pki` keeps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/tls/pki.h"

namespace sluice::simulate {

// One credential for each of `names`, in their order. What is missing is made where `dir` has the
// CA's key
// (`now`: seconds since 1970, when such certificates begin).
absl::StatusOr<std::vector<tls::Credential>> DeviceCredentials(
    const std::string& dir, const std::vector<std::string>& names, int64_t now);

}  // namespace sluice::simulate
