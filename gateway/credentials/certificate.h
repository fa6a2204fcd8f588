// The certificate that we show: whether it can serve, before anybody is called with it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "gateway/causes/cause.h"

namespace sluice::credentials {

// Less than this left is said.
inline constexpr std::chrono::hours kCertificateEndsSoon(24 * 14);

// Reads both files. Nothing if all is well; kCertificateEnds if it serves, but not for long;
// kCertificate or kClock if it does not.
std::optional<causes::Finding> CheckCertificate(const std::string& certificate_file,
                                                const std::string& key_file,
                                                std::chrono::system_clock::time_point now);

}  // namespace sluice::credentials
