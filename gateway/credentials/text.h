// Text as IoT Hub writes and compares it: percent-encoding, and names without regard to case.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::credentials {

// Exact: every byte outside A-Za-z0-9-_.~ becomes %XX, upper case.
void AppendPercentEncoded(std::string_view text, std::string* out);
// Nothing where a '%' is not followed by two hex digits.
std::optional<std::string> PercentDecode(std::string_view text);

// Names compare without regard to ASCII case, as the hub compares them.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace sluice::credentials
