// What is certain of rules whatever the messages: which never match, which always do, which an
// earlier rule hides.
//
// Certain means proven; that nothing is said proves nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "filters/compile/program.h"

namespace sluice::analyze {

struct RuleFacts {
  bool never_matches = false;
  bool always_matches = false;  // a message of its topics, whatever else is in it
  // Every message that it matches has been ended by this earlier rule.
  std::optional<uint16_t> hidden_by;
};

// One answer for each rule.
std::vector<RuleFacts> FactsOf(const compile::Program& program);

}  // namespace sluice::analyze
