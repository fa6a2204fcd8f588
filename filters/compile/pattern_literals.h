// What every text that a regular expression matches must have in it: by such literals, regular
// expressions are reached instead of tried.
//
// Cautious: what it does not understand of RE2's syntax it makes no claim of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::compile {

// A text that must be found; at the start or at the end of the other, if it says so.
struct Needle {
  std::string text;  // not empty
  bool at_start = false;
  bool at_end = false;
  bool any_case = false;  // of ASCII letters; `text` has small ones

  friend bool operator==(const Needle&, const Needle&) = default;
};

struct PatternLiterals {
  // One of the pattern's alternatives: all of its needles must be found.
  struct Alternative {
    std::vector<Needle> needles;
    bool is_exact = false;  // has one needle, and where that is found the pattern matches
  };

  // A matching text is of one of these. None: nothing is known.
  std::vector<Alternative> alternatives;
  // Begins with ^, and what follows can be searched for together with many of its like: it has no
  // .* or its like but at its end.
  bool suits_set = false;
};

// `pattern` is sound.
PatternLiterals AnalysePattern(std::string_view pattern);

}  // namespace sluice::compile
