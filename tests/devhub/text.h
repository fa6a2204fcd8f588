// Small operations on text that the hub's grammars share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::devhub {

// The parts between separators; at least one, possibly empty.
std::vector<std::string_view> Split(std::string_view text, char separator);

// Without regard to the case of A-Z, as property and host names compare.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

// For logs: what a client sent, unprintable bytes and quotes escaped, at most 200 bytes of it.
std::string Printable(std::string_view text);

}  // namespace sluice::devhub
