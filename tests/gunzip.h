// What a back end does with a compressed pack. gunzip.cc is a source of whoever asks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The text of exactly one gzip member. Nothing for anything else, or beyond 64 MiB.
std::optional<std::string> Gunzip(std::string_view member);

}  // namespace sluice
