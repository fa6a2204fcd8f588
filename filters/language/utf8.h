// UTF-8 text seen as the UTF-16 units that the language counts and orders by, and its case.
//
// Nothing here is copied unless said so. Bytes that are no UTF-8 are survived, not judged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::language {

// The offset of the first byte that is no UTF-8 (RFC 3629); the size of the text where there is
// none.
size_t Utf8ErrorOffset(std::string_view text);

// How many UTF-16 units the text takes.
size_t Utf16Length(std::string_view text);

// The byte offset of UTF-16 unit `unit`, from 0 to Utf16Length(text); npos where that unit is the
// second half of a character.
size_t Utf16Offset(std::string_view text, size_t unit);

// Less than, equal to or greater than 0 as `a` orders before, like or behind `b`, by UTF-16 unit.
int CompareUtf16(std::string_view a, std::string_view b);

// Simple case mapping of any code point, of no language (Unicode 15).
uint32_t ToLower(uint32_t code_point);
uint32_t ToUpper(uint32_t code_point);

// Writes the mapped text, at most kCaseGrowth * text.size() bytes; returns how many.
inline constexpr size_t kCaseGrowth = 2;
size_t LowerUtf8(std::string_view text, char* out);
size_t UpperUtf8(std::string_view text, char* out);

// As names are compared: equal after mapping to upper case.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);
// Whether `text` begins with `prefix`, which is lower-case ASCII.
bool StartsWithIgnoringCase(std::string_view text, std::string_view prefix);

}  // namespace sluice::language
