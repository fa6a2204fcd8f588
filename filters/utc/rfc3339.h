// Time as text (RFC 3339) and as microseconds since 1970. Written in UTC, of years 0 to 9999: the
// format has no others, and what lies outside is written as the nearest second inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::utc {

// "2026-03-10T09:45:00.123456789+05:45" in microseconds since 1970, a finer fraction (up to 9
// digits) cut off towards the past. A leap second (23:59:60 UTC) is the first moment of the next
// minute. Nothing if `text` is no such time.
std::optional<int64_t> ParseRfc3339(std::string_view text);

// Writes the time to the millisecond, the rest cut off: "2026-03-10T09:45:00.250Z".
inline constexpr size_t kRfc3339Bytes = 24;
void WriteRfc3339(int64_t time_us, char* out);

// Appends the time with as many decimals as are not zero, by threes: "2026-03-10T09:45:00Z".
void AppendRfc3339(int64_t time_us, std::string* out);

}  // namespace sluice::utc
