#include "filters/compile/topic_pattern.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::compile {
namespace {

using language::Diagnostic;
using language::Diagnostics;

constexpr size_t kMaxTopicBytes = 65'535;  // what MQTT's two-byte length can say

void AddError(Diagnostics* diagnostics, size_t offset, size_t length, std::string message,
              std::string hint = "") {
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.hint = std::move(hint);
  diagnostic.offset = offset;
  diagnostic.length = std::max<size_t>(length, 1);
  diagnostics->push_back(std::move(diagnostic));
}

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameCharacter(char c) { return IsNameStart(c) || (c >= '0' && c <= '9') || c == '-'; }

bool IsName(std::string_view text) {
  return !text.empty() && IsNameStart(text[0]) &&
         std::all_of(text.begin(), text.end(), IsNameCharacter);
}

// "{line}" is "line"; nothing for what is not in braces.
std::optional<std::string_view> InBraces(std::string_view level) {
  if (level.size() < 2 || level.front() != '{' || level.back() != '}') return std::nullopt;
  return level.substr(1, level.size() - 2);
}

}  // namespace

std::optional<TopicPattern> TopicPattern::Parse(std::string_view text, Diagnostics* diagnostics) {
  const size_t errors_before = diagnostics->size();
  if (text.empty())
    AddError(diagnostics, 0, 1, "an empty topic filter selects nothing", "# selects every topic");
  if (text.size() > kMaxTopicBytes)
    AddError(diagnostics, 0, 1, "a topic filter has at most 65535 bytes");
  if (const size_t nul = text.find('\0'); nul != text.npos) {
    AddError(diagnostics, nul, 1, "MQTT forbids NUL in topic filters");
  }
  TopicPattern pattern;
  for (size_t start = 0; start <= text.size();) {
    const size_t slash = std::min(text.find('/', start), text.size());
    const std::string_view level = text.substr(start, slash - start);
    if (level == "#" && slash == text.size()) {
      pattern.and_below_ = true;
      break;
    }
    if (const std::optional<std::string_view> name = InBraces(level)) {
      const auto same = [&](const language::TopicName& other) { return other.name == *name; };
      if (!IsName(*name)) {
        AddError(diagnostics, start, level.size(),
                 fmt::format("'{}' is no name for a level", *name),
                 "a letter, then letters, digits, _ and -");
      } else if (std::any_of(pattern.names_.begin(), pattern.names_.end(), same)) {
        AddError(diagnostics, start, level.size(), fmt::format("a second level named '{}'", *name));
      }
      pattern.names_.push_back({std::string(*name), static_cast<uint32_t>(pattern.levels_.size())});
      pattern.levels_.push_back({true, ""});
    } else if (level == "+") {
      pattern.levels_.push_back({true, ""});
    } else {
      if (const size_t wildcard = level.find_first_of("+#"); wildcard != level.npos) {
        const bool is_hash = level[wildcard] == '#';
        AddError(diagnostics, start + wildcard, 1,
                 is_hash ? "# must be the whole last level" : "+ must be a whole level");
      } else if (level.find('{') < level.find('}') && level.find('}') != level.npos) {
        AddError(diagnostics, start, level.size(), "{name} must be a whole level");
      }
      pattern.levels_.push_back({false, std::string(level)});
    }
    start = slash + 1;
  }
  if (diagnostics->size() != errors_before) return std::nullopt;
  return pattern;
}

bool TopicPattern::Matches(std::span<const std::string_view> levels) const {
  if (levels.size() < levels_.size() || (levels.size() > levels_.size() && !and_below_))
    return false;
  for (size_t i = 0; i < levels_.size(); ++i) {
    if (!levels_[i].any && levels_[i].text != levels[i]) return false;
  }
  return !(starts_with_wildcard() && levels[0].starts_with('$'));
}

bool TopicPattern::Covers(const TopicPattern& other) const {
  if (starts_with_wildcard() && other.starts_with_dollar()) return false;
  if (other.levels_.size() < levels_.size()) return false;
  if (!and_below_ && (other.and_below_ || other.levels_.size() > levels_.size())) return false;
  for (size_t i = 0; i < levels_.size(); ++i) {
    if (levels_[i].any) continue;
    if (other.levels_[i].any || other.levels_[i].text != levels_[i].text) return false;
  }
  return true;
}

bool TopicPattern::Meets(const TopicPattern& other) const {
  if (starts_with_wildcard() && other.starts_with_dollar()) return false;
  if (starts_with_dollar() && other.starts_with_wildcard()) return false;
  if (levels_.size() < other.levels_.size() && !and_below_) return false;
  if (other.levels_.size() < levels_.size() && !other.and_below_) return false;
  for (size_t i = 0; i < std::min(levels_.size(), other.levels_.size()); ++i) {
    if (!levels_[i].any && !other.levels_[i].any && levels_[i].text != other.levels_[i].text)
      return false;
  }
  return true;
}

}  // namespace sluice::compile
