// Writing JSON text: appends to a string that the caller owns and reuses.
//
// Text must be valid UTF-8, since JSON is: ask IsUtf8() (utf8.h) about foreign bytes first. Bytes
// that are not are copied as they are (quotes, backslashes and control characters are escaped all
// the same), so that the result can be refused by a reader but never changes its structure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::json {

// Appends `text` as a JSON string, with its quotes.
void AppendString(std::string_view text, std::string* out);

// Appends the shortest decimal that reads back as `number`: without an exponent from 1e-6 to below
// 1e21 and for zero, with one elsewhere ("1e+21"). JSON has no NaN and no infinity: both become
// null.
void AppendNumber(double number, std::string* out);
void AppendInteger(int64_t number, std::string* out);

}  // namespace sluice::json
