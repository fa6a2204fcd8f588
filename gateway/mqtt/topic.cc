#include "gateway/mqtt/topic.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "gateway/mqtt/utf8.h"

namespace sluice::mqtt {
namespace {

constexpr std::string_view kSharePrefix = "$share/";

// Walks the levels of a topic or filter: Next() until it is false. "a/" has the levels "a" and "".
class Levels {
 public:
  explicit Levels(std::string_view topic) : rest_(topic) {}

  bool Next(std::string_view* level) {
    if (at_end_) return false;
    const size_t slash = rest_.find('/');
    *level = rest_.substr(0, slash);
    at_end_ = slash == std::string_view::npos;
    if (!at_end_) rest_.remove_prefix(slash + 1);
    return true;
  }

 private:
  std::string_view rest_;
  bool at_end_ = false;
};

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

// Whether a byte of `word` is + or #, which differ in one bit: with that bit set both become +, and
// with + taken away a zero byte, which is the classic test.
bool HasWildcard(uint64_t word) {
  static_assert(('#' | 0x08) == '+');
  const uint64_t zero = (word | kOnes * 0x08) ^ kOnes * '+';
  return ((zero - kOnes) & ~zero & kHighBits) != 0;
}

// Eight bytes a step, the last step overlapping.
bool HasWildcard(std::string_view text) {
  const char* p = text.data();
  const size_t size = text.size();
  if (size < 8) {
    for (const char c : text) {
      if ((c | 0x08) == '+') return true;
    }
    return false;
  }
  const auto load = [p](size_t at) {
    uint64_t word;
    std::memcpy(&word, p + at, sizeof word);
    return word;
  };
  for (size_t i = 0; i + 8 <= size; i += 8) {
    if (HasWildcard(load(i))) return true;
  }
  return HasWildcard(load(size - 8));
}

bool StartsWithWildcard(std::string_view filter) { return filter[0] == '+' || filter[0] == '#'; }

// # as the last level, + and # alone in their level.
bool ValidLevels(std::string_view filter) {
  if (filter.empty()) return false;
  Levels levels(filter);
  std::string_view level;
  bool after_hash = false;
  while (levels.Next(&level)) {
    if (after_hash) return false;
    if (level.size() > 1 && HasWildcard(level)) return false;
    after_hash = level == "#";
  }
  return true;
}

}  // namespace

bool ValidTopicNameText(std::string_view topic) {
  return !topic.empty() && topic.size() <= 0xffff && !HasWildcard(topic);
}

bool ValidTopicName(std::string_view topic) {
  return ValidTopicNameText(topic) && ValidText(topic);
}

bool ValidTopicFilter(std::string_view filter) {
  if (filter.empty() || filter.size() > 0xffff || !ValidText(filter)) return false;
  // "$share" alone is no filter of use, yet nothing forbids it; only with the slash is it a shared
  // subscription.
  if (!filter.starts_with(kSharePrefix)) return ValidLevels(filter);
  const std::string_view rest = filter.substr(kSharePrefix.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  return !HasWildcard(rest.substr(0, slash)) && ValidLevels(rest.substr(slash + 1));
}

SharedFilter SplitShared(std::string_view filter) {
  if (!filter.starts_with(kSharePrefix)) return {{}, filter};
  const std::string_view rest = filter.substr(kSharePrefix.size());
  const size_t slash = rest.find('/');
  return {rest.substr(0, slash), rest.substr(slash + 1)};
}

bool TopicMatches(std::string_view filter, std::string_view topic) {
  if (topic[0] == '$' && StartsWithWildcard(filter)) return false;
  Levels filter_levels(filter);
  Levels topic_levels(topic);
  std::string_view wanted;
  std::string_view level;
  while (filter_levels.Next(&wanted)) {
    if (wanted == "#") return true;  // also at the parent level: "a/#" selects "a"
    if (!topic_levels.Next(&level)) return false;
    if (wanted != "+" && wanted != level) return false;
  }
  return !topic_levels.Next(&level);
}

bool FilterInside(std::string_view filter, std::string_view outer) {
  // A template that begins with a wildcard holds no $-topic; a filter that does selects none.
  if (filter[0] == '$' && StartsWithWildcard(outer)) return false;
  // No topic is empty, so these select the same.
  if (filter == "#") filter = "+/#";
  if (filter == "/#") filter = "/+/#";
  Levels filter_levels(filter);
  Levels outer_levels(outer);
  std::string_view level;
  std::string_view allowed;
  while (outer_levels.Next(&allowed)) {
    if (allowed == "#") return true;
    if (!filter_levels.Next(&level) || level == "#") return false;
    if (allowed != "+" && allowed != level) return false;
  }
  return !filter_levels.Next(&level);
}

size_t LevelCount(std::string_view topic) {
  return 1 + static_cast<size_t>(std::count(topic.begin(), topic.end(), '/'));
}

}  // namespace sluice::mqtt
