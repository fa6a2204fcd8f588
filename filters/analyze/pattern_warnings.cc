#include "filters/analyze/pattern_warnings.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace sluice::analyze {
namespace {

// A repetition is written out as often as it counts. Beyond about so many instructions, a text can
// lead RE2's automaton through more states than its memory holds; then it goes on 200 times slower.
constexpr int kLargeProgram = 1000;
// 2^n states no longer fit a pattern's memory, and the text is walked without them: with n = 12, a
// byte takes 95 ns instead of the 1 ns that it takes with n = 8.
constexpr int kManyStates = 12;

// Whether the pattern ends in .* itself: neither \.* nor the end of a quotation.
bool EndsInAnything(std::string_view pattern) {
  if (!pattern.ends_with(".*") || pattern.find("\\Q") != std::string_view::npos) return false;
  pattern.remove_suffix(2);
  size_t backslashes = 0;
  while (pattern.ends_with('\\')) {
    pattern.remove_suffix(1);
    ++backslashes;
  }
  return backslashes % 2 == 0;
}

// Whether it begins with .* that is not counted any further.
bool BeginsWithAnything(std::string_view pattern) {
  if (!pattern.starts_with(".*")) return false;
  pattern.remove_prefix(2);
  return pattern.empty() || std::string_view("*+{").find(pattern.front()) == std::string_view::npos;
}

// Past a character class that begins at `at`.
size_t SkipClass(std::string_view pattern, size_t at) {
  ++at;
  if (at < pattern.size() && pattern[at] == '^') ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  while (at < pattern.size() && pattern[at] != ']') at += pattern[at] == '\\' ? 2 : 1;
  return at + 1;
}

// The least count of a repetition that `text` begins with: "{12,}" is 12; 0 for all else.
int LeastCount(std::string_view text) {
  int count = 0;
  if (!text.starts_with('{')) return 0;
  for (size_t i = 1; i < text.size() && text[i] >= '0' && text[i] <= '9' && count < 10'000; ++i)
    count = 10 * count + (text[i] - '0');
  return count;
}

// The largest n of an x.{n} that may begin anywhere, where x is a letter, a digit or a class.
// Whether each of the last n characters was an x is all to be kept in mind: 2^n states.
int CountedBlindly(std::string_view pattern) {
  if (pattern.starts_with('^') || pattern.find("\\Q") != std::string_view::npos) return 0;
  int most = 0;
  bool after_one = false;  // what stands before is such an x
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '.' && after_one) most = std::max(most, LeastCount(pattern.substr(at + 1)));
    after_one = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '[';
    at = c == '[' ? SkipClass(pattern, at) : at + (c == '\\' ? 2 : 1);
  }
  return most;
}

}  // namespace

PatternWarning WarnOfPattern(const language::Node& node) {
  if (const int size = node.regex()->ProgramSize(); size > kLargeProgram) {
    return {fmt::format("costly pattern: it compiles to {} instructions, and long texts may be "
                        "slow to search",
                        size),
            "count repetitions lower, or use * and +"};
  }
  if (const int count = CountedBlindly(node.text()); count >= kManyStates) {
    return {fmt::format("costly pattern: {} characters after one that may stand anywhere take 2^{} "
                        "states to count, and long texts are slow to search",
                        count, count),
            "begin it with ^, count from 0, or use .*"};
  }
  if (BeginsWithAnything(node.text()) || EndsInAnything(node.text())) {
    return {"the pattern is found anywhere in the text: .* at its beginning or end only costs time",
            "leave it out"};
  }
  return {};
}

}  // namespace sluice::analyze
