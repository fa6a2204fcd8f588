// What every text that a regular expression matches must have in it: by such literals, regular
// expressions are reached instead of tried.
//
// Cautious: what it does not understand of RE2's syntax it makes no claim of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::compile {

struct AsciiSet {
  uint64_t words[2] = {0, 0};

  void Add(char c) {
    const auto byte = static_cast<unsigned char>(c);
    words[byte / 64 % 2] |= uint64_t{1} << (byte % 64);
  }
  bool Has(char c) const {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 128 && (words[byte / 64] >> (byte % 64) & 1) != 0;
  }
  bool is_empty() const { return words[0] == 0 && words[1] == 0; }

  friend bool operator==(const AsciiSet&, const AsciiSet&) = default;
};

// A text that must be found; at the start or at the end of the other, if it says so.
struct Needle {
  std::string text;  // not empty
  bool at_start = false;
  bool at_end = false;
  bool any_case = false;  // of ASCII letters; `text` has small ones
  AsciiSet next;          // what must stand behind it is one of these; empty: anything, or nothing

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
