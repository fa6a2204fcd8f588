// Percent-encoding as the hub uses it in tokens, user names and property bags (sheet, sections 3, 4
// and 6).
#pragma once

#include <string>
#include <string_view>

namespace sluice::devhub {

// Every byte outside A-Za-z0-9-_.~ becomes %XX, upper case.
std::string PercentEncode(std::string_view bytes);

// Replaces *text by the decoded bytes. False if a % is not followed by two hexadecimal digits; `+`
// stays a plus.
bool PercentDecode(std::string_view encoded, std::string* text);

}  // namespace sluice::devhub
