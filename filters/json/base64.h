// Base64 (RFC 4648 section 4): the standard alphabet, padded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::json {

void AppendBase64(std::string_view bytes, std::string* out);

// The most bytes that `text_size` characters decode to.
constexpr size_t MaxDecodedSize(size_t text_size) { return text_size / 4 * 3; }

// Decodes to `out`, which has room for MaxDecodedSize(text.size()) bytes; the number of bytes
// written. Nothing if `text` is not canonical: a foreign character, missing padding, bits left
// over.
std::optional<size_t> DecodeBase64(std::string_view text, char* out);

}  // namespace sluice::json
