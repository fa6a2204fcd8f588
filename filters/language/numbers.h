// Decimal numbers as text, and back: what JSON, literals, as_number and `set` have in common.
#pragma once

#include <optional>
#include <string_view>

#include "filters/language/profile.h"

namespace sluice::language {

// The nearest double to [-] digits [. digits] [e [+-] digits], where either run of digits around
// the point may be missing but not both. What is too large is infinity, too small zero. `text` is
// known to have that form.
double DecimalValue(std::string_view text);

// What as_number makes of a text: a sign, digits, a fraction, an exponent, white space around it.
// edgeHub also takes thousands commas, parentheses for minus, and the words Infinity and NaN (which
// is no number: nothing).
std::optional<double> ParseNumberText(std::string_view text, Profile profile);

// Shortest text that reads back as the same number; "Infinity", "-Infinity". `value` is not NaN.
struct NumberText {
  char bytes[32];
};
std::string_view FormatNumber(double value, NumberText* buffer);

}  // namespace sluice::language
