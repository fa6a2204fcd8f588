// Many texts to look for in one: which of them it contains, begins or ends with, and which regular
// expressions it matches. One pass, whatever their number.
//
// Each needle stands in a table under its rarest gram, a run of four bytes (of fewer, where it is
// shorter): a text is looked through for grams, and where one is met its needles are compared.
// Expressions that have no rare gram but begin with ^ run together as one RE2::Set.
#pragma once

#include <re2/set.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filters/compile/pattern_literals.h"

namespace sluice::compile {

class TextIndex {
 public:
  static constexpr size_t kGramBytes = 4;
  static constexpr int64_t kSetBytes = int64_t{64} << 20;

  // What a search needs of memory; reused, it allocates only to grow. (RE2::Set allocates where one
  // of its expressions matches.)
  struct Scratch {
    std::vector<uint64_t> found;  // a bit for each needle; all 0 between two searches
    std::vector<uint32_t> numbers;
    std::string small;  // the text in small letters
    std::vector<int> matches;
  };

  // A needle, and the gram of it to look for: Needle::text.substr(gram_at, gram_size).
  struct Entry {
    Needle needle;
    uint32_t gram_at = 0;
    uint32_t gram_size = 0;  // 1 to kGramBytes
  };

  // Entries are numbered from 0, expressions go on from there.
  TextIndex(std::vector<Entry> entries, std::vector<std::string> patterns);

  // Appends the numbers of what is found, each once. False where memory does not suffice to tell
  // of the expressions: they are all named then.
  bool Find(std::string_view text, Scratch* scratch, std::vector<uint32_t>* numbers) const;

  std::span<const Entry> entries() const { return entries_; }
  const std::vector<std::string>& patterns() const { return patterns_; }

 private:
  // Of the needles whose gram has one size and whose case matters, or not: by gram, those that have
  // it. Open addressing, at most half full, behind a filter of one bit a hash.
  struct Slot {
    uint32_t gram = 0;
    uint32_t first = 0;  // into order_
    uint32_t count = 0;  // 0: free
  };
  struct Table {
    uint32_t gram_size = 0;
    bool any_case = false;
    uint32_t filter_shift = 0;
    uint32_t slot_shift = 0;
    std::vector<uint64_t> filter;
    std::vector<Slot> slots;
  };

  void AddTable(uint32_t gram_size, bool any_case);
  void FindGrams(const Table& table, std::string_view text, Scratch* scratch,
                 std::vector<uint32_t>* numbers) const;
  void Compare(const Slot& slot, size_t at, std::string_view text, Scratch* scratch,
               std::vector<uint32_t>* numbers) const;
  bool FindExpressions(std::string_view text, Scratch* scratch,
                       std::vector<uint32_t>* numbers) const;

  std::vector<Entry> entries_;
  std::vector<uint32_t> order_;  // of entries, those of one gram together
  std::vector<Table> tables_;
  bool any_case_ = false;  // some table needs the text in small letters
  std::unique_ptr<const RE2::Set> set_;
  std::vector<std::string> patterns_;
};

}  // namespace sluice::compile
