// What differs between two sets of rules, by the rules' names: for whoever replaces one by the
// other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "filters/compile/program.h"
#include "filters/compile/rule_spec.h"

namespace sluice::compile {

// Names, in the order of the set that has them.
struct RuleChanges {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> changed;  // in both, not written alike
  size_t unchanged = 0;
  bool reordered = false;  // rules of both stand in another order
  bool settings = false;   // default, assume_json, profile or max_state

  bool empty() const {
    return added.empty() && removed.empty() && changed.empty() && !reordered && !settings;
  }
};

RuleChanges CompareRules(const RuleSetSpec& before, const RuleSetSpec& after);

inline constexpr uint16_t kNoPredecessor = 0xffff;

// Of each rule of `after` the rule of that name in `before`, or kNoPredecessor.
std::vector<uint16_t> PredecessorsByName(const Program& before, const Program& after);

}  // namespace sluice::compile
