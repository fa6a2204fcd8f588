// Why a rule's reducers hold a message or let it pass: for people, never on a message's way.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::reduce {

// One reducer, and what it knew before the message came.
struct ExplainedReducer {
  std::string_view name;  // as rules write it
  bool passes = false;
  std::string reason;  // in a few words, safe to print
  // The same as values: names, and JSON. Those that there are not yet are left out.
  std::vector<std::pair<std::string_view, std::string>> state;
};

// Of one rule that matched.
struct ExplainedReduction {
  std::vector<std::string> per;            // values that tell its streams apart, as in conditions
  std::vector<ExplainedReducer> reducers;  // in order, up to the one that holds the message
};

}  // namespace sluice::reduce
