// Which build this is, as far as the hub is concerned.
#pragma once

#include <chrono>
#include <string_view>

namespace sluice::credentials {

// "sluice/0.1.0": the hub logs it as the client's type.
std::string_view Product();

// The day of the build (of SOURCE_DATE_EPOCH if that was set): no clock that is right shows an
// earlier time.
std::chrono::system_clock::time_point BuildTime();

}  // namespace sluice::credentials
