#include "filters/compile/rule_changes.h"

#include <string_view>
#include <unordered_map>

namespace sluice::compile {
namespace {

// Names are unique within a set.
template <typename Rules, typename NameOf>
std::unordered_map<std::string_view, size_t> IndexByName(const Rules& rules, NameOf name_of) {
  std::unordered_map<std::string_view, size_t> index;
  index.reserve(rules.size());
  for (size_t i = 0; i < rules.size(); ++i) index.emplace(name_of(rules[i]), i);
  return index;
}

const std::string& NameOfSpec(const RuleSpec& rule) { return rule.name.text; }
const std::string& NameOfRule(const Rule& rule) { return rule.name; }

}  // namespace

RuleChanges CompareRules(const RuleSetSpec& before, const RuleSetSpec& after) {
  RuleChanges changes;
  changes.settings = before.forward_by_default != after.forward_by_default ||
                     before.assume_json != after.assume_json || before.profile != after.profile ||
                     before.max_state != after.max_state;
  const auto old_index = IndexByName(before.rules, NameOfSpec);
  size_t last = 0;
  for (const RuleSpec& rule : after.rules) {
    const auto found = old_index.find(rule.name.text);
    if (found == old_index.end()) {
      changes.added.push_back(rule.name.text);
      continue;
    }
    if (found->second < last) changes.reordered = true;
    last = found->second;
    if (before.rules[found->second] == rule) {
      ++changes.unchanged;
    } else {
      changes.changed.push_back(rule.name.text);
    }
  }
  const auto new_index = IndexByName(after.rules, NameOfSpec);
  for (const RuleSpec& rule : before.rules) {
    if (!new_index.contains(rule.name.text)) changes.removed.push_back(rule.name.text);
  }
  return changes;
}

std::vector<uint16_t> PredecessorsByName(const Program& before, const Program& after) {
  const auto index = IndexByName(before.rules(), NameOfRule);
  std::vector<uint16_t> predecessors(after.rules().size(), kNoPredecessor);
  for (size_t i = 0; i < predecessors.size(); ++i) {
    const auto found = index.find(after.rules()[i].name);
    if (found != index.end()) predecessors[i] = static_cast<uint16_t>(found->second);
  }
  return predecessors;
}

}  // namespace sluice::compile
