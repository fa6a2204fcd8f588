// "Did you mean": the nearest of some words.
#pragma once

#include <span>
#include <string_view>

namespace sluice::language {

// The candidate that takes the fewest single-letter edits from `word`, ignoring case; empty where
// none is near.
std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace sluice::language
