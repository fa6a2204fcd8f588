#include "filters/analyze/pattern_warnings.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <string_view>

namespace sluice::analyze {
namespace {

// A repetition is written out as often as it counts. Beyond about so many instructions, a text can
// lead RE2's automaton through more states than its memory holds; then it goes on 200 times slower.
constexpr int kLargeProgram = 1000;

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

}  // namespace

PatternWarning WarnOfPattern(const language::Node& node) {
  if (const int size = node.regex()->ProgramSize(); size > kLargeProgram) {
    return {fmt::format("costly pattern: it compiles to {} instructions, and long texts may be "
                        "slow to search",
                        size),
            "count repetitions lower, or use * and +"};
  }
  if (BeginsWithAnything(node.text()) || EndsInAnything(node.text())) {
    return {"the pattern is found anywhere in the text: .* at its beginning or end only costs time",
            "leave it out"};
  }
  return {};
}

}  // namespace sluice::analyze
