// A condition taken apart: what must hold for it to be true, NOTs pushed down to the leaves.
//
// All that is said here is exact: the condition is true if, and only if, all of its items hold. In
// a three-valued logic that is not to be had for everything; what it cannot be had for is an item
// of its own that is judged whole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filters/compile/pattern_literals.h"
#include "filters/compile/rule_index.h"
#include "filters/language/expression.h"

namespace sluice::compile {

struct Rule;

// field is one of values. None of them stands twice.
struct Equality {
  uint32_t field = 0;
  std::vector<language::Value> values;
};

// The text of a field has something in it, begins, ends with it, or matches an expression.
struct TextMatch {
  uint32_t field = 0;
  PatternLiterals literals;
  std::string_view pattern;  // where it is a regular expression; of the rule's condition
};

// One thing that must hold.
struct Item {
  // Of a rule's condition, the node that must be true, or false: the whole of the item.
  language::NodeId node = 0;
  bool is_negated = false;
  // What it is besides: at most one of these, but `test` and `equality` together where the test is
  // one for equality.
  std::optional<RuleIndex::Test> test;
  std::optional<Equality> equality;
  std::optional<TextMatch> text;
  std::vector<std::vector<Item>> either;  // all items of one of these must hold
};

// Numbers the fields of all rules.
class ConditionParts {
 public:
  // `rules` and what `fields` gets into belong together; both outlive this.
  ConditionParts(std::span<const Rule> rules, std::vector<RuleIndex::Field>* fields)
      : rules_(rules), fields_(*fields) {}
  ConditionParts(const ConditionParts&) = delete;
  ConditionParts& operator=(const ConditionParts&) = delete;

  // None where the rule has no condition.
  std::vector<Item> TakeApart(uint16_t rule);

 private:
  void AddItems(language::NodeId id, bool is_negated, std::vector<Item>* items);
  Item MakeItem(language::NodeId id, bool is_negated);
  void AddTest(const language::Node& node, Item* item);
  void AddTextMatch(const language::Node& node, Item* item);
  void AddAlternatives(const language::Node& node, Item* item);
  bool IsSplit(const language::Node& node, bool is_negated, language::Op op) const;
  std::optional<uint32_t> AsField(language::NodeId id);

  const std::span<const Rule> rules_;
  std::vector<RuleIndex::Field>& fields_;
  std::unordered_map<std::string, uint32_t> numbers_;
  // Of the rule that is being taken apart.
  uint16_t rule_ = 0;
  const language::SyntaxTree* tree_ = nullptr;
};

}  // namespace sluice::compile
