// Values as a person writes them in a condition, safe to print on a terminal.
#pragma once

#include <string>
#include <string_view>

#include "filters/language/value.h"

namespace sluice::match {

// 81.5, 'C' (cut where it is long), true, null, undefined, an object, an array.
std::string ValueText(const language::Value& value);

// Foreign text without control characters and bytes that are no UTF-8: those are written \x1b.
std::string Printable(std::string_view text);

}  // namespace sluice::match
