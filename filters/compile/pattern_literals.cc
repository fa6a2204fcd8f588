#include "filters/compile/pattern_literals.h"

#include <optional>
#include <utility>

namespace sluice::compile {
namespace {

using Alternative = PatternLiterals::Alternative;

bool IsAlphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Adds the characters of a class such as [a-z_]; `*at` is then behind it. False for others.
bool AddClass(std::string_view pattern, size_t* at, AsciiSet* set) {
  const size_t end = pattern.find(']', *at);
  if (end == std::string_view::npos) return false;
  const std::string_view members = pattern.substr(*at + 1, end - *at - 1);
  if (members.empty() || members.find_first_of("^[\\") != std::string_view::npos) return false;
  for (size_t i = 0; i < members.size(); ++i) {
    const bool is_range = i + 2 < members.size() && members[i + 1] == '-';
    const char last = members[is_range ? i + 2 : i];
    if (members[i] < 0 || last < 0) return false;
    for (int c = static_cast<unsigned char>(members[i]); c <= static_cast<unsigned char>(last); ++c)
      set->Add(static_cast<char>(c));
    if (is_range) i += 2;
  }
  *at = end + 1;
  return true;
}

// What the text that `pattern` matches begins with, in simple cases. Empty: who knows.
AsciiSet FirstOf(std::string_view pattern) {
  AsciiSet first;
  for (size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '[') {
      if (!AddClass(pattern, &at, &first)) return {};
    } else if (pattern.substr(at, 2) == "\\d") {
      for (const char digit : std::string_view("0123456789")) first.Add(digit);
      at += 2;
    } else if (IsAlphanumeric(c) || std::string_view("-_/:, ").find(c) != std::string_view::npos) {
      first.Add(c);
      ++at;
    } else {
      return {};
    }
    if (at == pattern.size() || pattern[at] == '+') return first;
    if (pattern[at] == '{') {
      const bool is_certain =
          at + 1 < pattern.size() && pattern[at + 1] > '0' && pattern[at + 1] <= '9';
      return is_certain ? first : AsciiSet();
    }
    if (pattern[at] != '*' && pattern[at] != '?') return first;
    ++at;
    if (at < pattern.size() && pattern[at] == '?') ++at;
  }
  return {};
}

// Walks over a pattern once. Gives up (returns false) at what it does not know.
class Analyser {
 public:
  explicit Analyser(std::string_view pattern) : pattern_(pattern) {}

  PatternLiterals Run() {
    PatternLiterals result;
    if (!Walk()) return result;
    result.suits_set = all_anchored_ && !has_gap_;
    for (const Alternative& alternative : alternatives_) {
      if (alternative.needles.empty()) return result;  // any text may be of it
    }
    result.alternatives = std::move(alternatives_);
    return result;
  }

 private:
  // What the next repetition sign would repeat.
  enum class Last { kNothing, kCharacter, kDot, kClass, kGroup };

  bool Walk() {
    if (pattern_.starts_with("(?i)")) {
      any_case_ = true;
      at_ = 4;
    }
    while (at_ < pattern_.size()) {
      if (!Step()) return false;
    }
    EndAlternative();
    return true;
  }

  bool Step() {
    const char c = pattern_[at_];
    switch (c) {
      case '\\':
        return Escape();
      case '[':
        return Class();
      case '(':
        return Group();
      case '|':
        EndAlternative();
        ++at_;
        return true;
      case '^':
        return Start();
      case '$':
        return End();
      case '.':
        ++at_;
        Add(Last::kDot);
        return true;
      case '*':
      case '+':
      case '?':
        ++at_;
        return Repeat(c != '+', c != '?');
      case '{':
        return Braces();
      default:
        Literal(CharacterAt(at_));
        return true;
    }
  }

  std::string_view CharacterAt(size_t at) const {
    size_t end = at + 1;
    while (end < pattern_.size() && IsContinuation(pattern_[end])) ++end;
    return pattern_.substr(at, end - at);
  }

  bool Start() {
    if (!is_first_) return false;
    ++at_;
    anchored_ = starts_here_ = true;
    is_first_ = false;
    return true;
  }

  bool End() {
    ++at_;
    ends_here_ = true;
    return at_ == pattern_.size() || pattern_[at_] == '|';
  }

  void Literal(std::string_view character) {
    at_ += character.size();
    const char c = character[0];
    // Other characters are the small letters k and s, too: the Kelvin sign, the long s.
    if (any_case_ && (character.size() > 1 || Lower(c) == 'k' || Lower(c) == 's'))
      return Add(Last::kClass);
    if (run_.empty()) run_starts_ = starts_here_;
    BeginPart(Last::kCharacter);
    last_size_ = character.size();
    if (any_case_) {
      run_ += Lower(c);
    } else {
      run_ += character;
    }
  }

  // Something that is no literal: a run of them ends.
  void Add(Last part, size_t start = std::string_view::npos) {
    const bool ends_run = !run_.empty();
    EndRun();
    if (ends_run && start != std::string_view::npos && !any_case_)
      alternative_.needles.back().next = FirstOf(pattern_.substr(start));
    is_exact_ = false;
    BeginPart(part);
  }

  void BeginPart(Last part) {
    has_gap_ |= open_gap_;
    is_first_ = starts_here_ = false;
    last_ = part;
  }

  bool Escape() {
    if (at_ + 1 >= pattern_.size()) return false;
    const char c = pattern_[at_ + 1];
    if (static_cast<unsigned char>(c) >= 0x80) return false;
    if (!IsAlphanumeric(c)) {
      ++at_;
      Literal(pattern_.substr(at_, 1));
      return true;
    }
    at_ += 2;
    Add(Last::kClass, at_ - 2);
    return std::string_view("dDwWsS").find(c) != std::string_view::npos;
  }

  // The offset behind the class that begins at `at`, or nothing.
  std::optional<size_t> EndOfClass(size_t at) const {
    ++at;
    if (at < pattern_.size() && pattern_[at] == '^') ++at;
    if (at < pattern_.size() && pattern_[at] == ']') ++at;
    for (; at < pattern_.size(); ++at) {
      if (pattern_[at] == ']') return at + 1;
      if (pattern_[at] == '\\') {
        ++at;
      } else if (pattern_.substr(at, 2) == "[:") {
        const size_t end = pattern_.find(":]", at);
        if (end == std::string_view::npos) return std::nullopt;
        at = end + 1;
      }
    }
    return std::nullopt;
  }

  bool Class() {
    const std::optional<size_t> end = EndOfClass(at_);
    if (!end) return false;
    const size_t start = at_;
    at_ = *end;
    Add(Last::kClass, start);
    return true;
  }

  // What is in the group counts for nothing, only its end is looked for.
  bool Group() {
    if (pattern_.substr(at_, 2) == "(?" && pattern_.substr(at_, 3) != "(?:" &&
        pattern_.substr(at_, 4) != "(?P<") {
      return false;  // flags
    }
    size_t depth = 0;
    bool repeats = false;
    for (size_t i = at_; i < pattern_.size(); ++i) {
      const char c = pattern_[i];
      if (c == '\\') {
        if (++i < pattern_.size() && pattern_[i] == 'Q') return false;
      } else if (c == '[') {
        const std::optional<size_t> end = EndOfClass(i);
        if (!end) return false;
        i = *end - 1;
      } else if (c == '(') {
        ++depth;
      } else if (c == ')' && --depth == 0) {
        at_ = i + 1;
        Add(Last::kGroup);
        has_gap_ |= repeats;
        return true;
      } else {
        repeats |= c == '*' || c == '+' || c == '{';
      }
    }
    return false;
  }

  bool Braces() {
    size_t i = at_ + 1;
    const auto digits = [&] {
      const size_t start = i;
      while (i < pattern_.size() && pattern_[i] >= '0' && pattern_[i] <= '9') ++i;
      return pattern_.substr(start, i - start);
    };
    const std::string_view least = digits();
    const bool has_comma = i < pattern_.size() && pattern_[i] == ',';
    if (has_comma) ++i;
    const std::string_view most = has_comma ? digits() : least;
    if (least.empty() || i >= pattern_.size() || pattern_[i] != '}') {
      Literal(pattern_.substr(at_, 1));  // a brace that stands for itself
      return true;
    }
    at_ = i + 1;
    return Repeat(least.find_first_not_of('0') == std::string_view::npos, most.empty());
  }

  // The last part is repeated; perhaps it is not there at all.
  bool Repeat(bool may_be_none, bool is_unbounded) {
    if (last_ == Last::kNothing) return false;
    if (at_ < pattern_.size() && pattern_[at_] == '?') ++at_;  // as few as possible
    if (may_be_none && last_ == Last::kCharacter) run_.resize(run_.size() - last_size_);
    open_gap_ |= is_unbounded && (last_ == Last::kDot || last_ == Last::kGroup);
    EndRun();
    is_exact_ = false;
    last_ = Last::kNothing;
    return true;
  }

  void EndRun() {
    if (!run_.empty()) alternative_.needles.push_back({run_, run_starts_, false, any_case_, {}});
    run_.clear();
  }

  void EndAlternative() {
    const bool ends_in_run = !run_.empty() && ends_here_;
    EndRun();
    if (ends_in_run) alternative_.needles.back().at_end = true;
    alternative_.is_exact = is_exact_ && alternative_.needles.size() == 1;
    all_anchored_ &= anchored_;
    alternatives_.push_back(std::move(alternative_));
    alternative_ = {};
    is_first_ = is_exact_ = true;
    starts_here_ = ends_here_ = anchored_ = open_gap_ = false;
    last_ = Last::kNothing;
  }

  const std::string_view pattern_;
  bool any_case_ = false;
  size_t at_ = 0;
  std::vector<Alternative> alternatives_;
  bool all_anchored_ = true;
  bool has_gap_ = false;

  // Of the alternative that is being read.
  Alternative alternative_;
  std::string run_;          // literal characters, up to here
  bool run_starts_ = false;  // the run stands behind ^
  size_t last_size_ = 0;     // of the run's last character
  Last last_ = Last::kNothing;
  bool is_first_ = true;      // nothing has been read
  bool starts_here_ = false;  // only ^ has
  bool ends_here_ = false;
  bool is_exact_ = true;  // nothing but literal characters, ^ and $
  bool anchored_ = false;
  bool open_gap_ = false;  // what may be of any length has been read
};

}  // namespace

PatternLiterals AnalysePattern(std::string_view pattern) { return Analyser(pattern).Run(); }

}  // namespace sluice::compile
