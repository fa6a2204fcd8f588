// Property names ignore case, of ASCII letters alone.
#pragma once

#include <string_view>

namespace sluice::match {

bool EqualsIgnoringCase(std::string_view a, std::string_view b);
// `prefix` is in lower case.
bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix);

}  // namespace sluice::match
