// What a JSON string says, from how it is written.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice::json {

// `raw` is what stands between the quotes of a string. Writes the UTF-8 it stands for to `out`,
// which has room for raw.size() bytes (an escape is never shorter than what it means) and may be
// raw.data(). The number of bytes written; nothing if an escape is malformed (which Reader refuses)
// or half of a surrogate pair (which it takes, and no UTF-8 can say).
std::optional<size_t> Unescape(std::string_view raw, char* out);

// Whether `raw`, unescaped, equals `text`. What Unescape() refuses equals nothing.
bool UnescapedEquals(std::string_view raw, std::string_view text);

}  // namespace sluice::json
