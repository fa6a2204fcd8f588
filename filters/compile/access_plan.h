// How each rule of a group is reached: which of its items leads to it.
//
// An item costs what its bucket is expected to hold: the number of rules that ask for the same
// value, or for the same four bytes of text. The cheapest one leads to the rule. An OR costs the
// sum of its alternatives; where it is the cheapest, the rule becomes a clause for each of them, so
// that (a = 1 OR b = 2) AND c > 3 is a = 1 AND c > 3, and b = 2 AND c > 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filters/compile/condition_parts.h"
#include "filters/compile/text_index.h"

namespace sluice::compile {

inline constexpr size_t kMaxClauses = 64;  // of one rule

// How a clause is reached: by one of `values`, one of `needles`, by `pattern`, or always.
struct Access {
  enum class Kind : uint8_t { kAlways, kEqual, kNeedles, kPattern };

  Kind kind = Kind::kAlways;
  uint32_t field = 0;
  std::vector<language::Value> values;
  std::vector<TextIndex::Entry> needles;
  std::string_view pattern;
  language::NodeId pattern_node = 0;
};

// Its access and all of its items must hold. The items live as long as the rule's.
struct PlannedClause {
  uint16_t rule = 0;
  Access access;
  std::vector<const Item*> items;  // but those that are known to hold where it has been reached
};

// Whether it bounds a number.
bool IsBound(const Item& item);

// Count* Plan*: of all rules of a group.
class AccessPlanner {
 public:
  void Count(const std::vector<Item>& items);

  // Appends at least one clause. `items` were counted and stay where they are.
  void Plan(uint16_t rule, const std::vector<Item>& items, std::vector<PlannedClause>* clauses);

 private:
  using Items = std::vector<const Item*>;
  struct Cost {
    size_t rules = SIZE_MAX;  // no access
    size_t clauses = 1;
  };

  void CountItem(const Item& item);
  uint32_t& GramCount(uint32_t field, const TextIndex::Entry& entry);
  size_t CostOfNeedle(uint32_t field, const TextIndex::Entry& entry);
  size_t CostOfNeedles(const TextMatch& text, std::vector<TextIndex::Entry>* rarest);
  size_t CostOfPattern(const TextMatch& text) const;
  Cost CostOf(const Item& item);
  void Split(const Items& items);
  void Reach(const Item* access, Items items);
  void Finish(PlannedClause clause);
  bool HasRoomFor(size_t clauses) const;

  size_t rules_ = 0;
  std::unordered_map<std::string, uint32_t> values_;
  std::unordered_map<uint64_t, uint32_t> grams_;
  std::unordered_map<std::string, uint32_t> patterns_;
  // Of the rule that is being planned.
  uint16_t rule_ = 0;
  std::vector<PlannedClause>* clauses_ = nullptr;
  size_t first_clause_ = 0;
};

}  // namespace sluice::compile
