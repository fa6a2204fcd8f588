// The scalars of JSON as they stand in a text, judged one by one (RFC 8259).
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::language {

// -0, 1.5, 2e+7; not +1, 01, .5, 1.
bool IsJsonNumber(std::string_view token);

// Undoes the escapes of what stands between a string's quotes (valid UTF-8). Writes at most
// text.size() bytes to `out` and returns how many; npos where an escape is malformed or half a
// surrogate pair.
size_t UnescapeJson(std::string_view text, char* out);

// About where a text that JsonIndex refused is wrong: bad UTF-8, a control character in a string,
// an open string.
size_t LexicalErrorOffset(std::string_view text);

}  // namespace sluice::language
