// Scalars of the configuration: durations, sizes, numbers, addresses. Text in, value or a sentence
// out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

// "250ms", "10s", "5m", "1h": milliseconds. Whole numbers only.
std::optional<int64_t> ParseDuration(std::string_view text);
// "64KiB", "8GiB", "4096": bytes.
std::optional<int64_t> ParseSize(std::string_view text);
// Decimal, "_" between digits allowed ("10_000").
std::optional<int64_t> ParseInteger(std::string_view text);

// The shortest text that ParseDuration and ParseSize read back.
std::string FormatDuration(int64_t milliseconds);
std::string FormatSize(int64_t bytes);

struct Address {
  std::string host;  // an IPv4 or IPv6 address without brackets; empty: any
  uint16_t port = 0;
};
// "127.0.0.1:8883", "[::1]:8883", ":8883". No names: what a name means may change under a running
// gateway.
std::optional<Address> ParseAddress(std::string_view text);

// The one of `known` that `word` is most likely meant to be, or empty.
template <typename Words>
std::string_view DidYouMean(std::string_view word, const Words& known);

// Letters to insert, drop, change or swap to make one of the other.
size_t EditDistance(std::string_view a, std::string_view b);

template <typename Words>
std::string_view DidYouMean(std::string_view word, const Words& known) {
  std::string_view best;
  size_t best_distance = 1 + (word.size() < 4 ? 1 : word.size() < 8 ? 2 : 3);
  for (const std::string_view candidate : known) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace sluice::config
