// Numbers for the parts of conditions: equal numbers, equal values on every message.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "filters/language/syntax_tree.h"

namespace sluice::analyze {

using Term = uint32_t;

// A condition with its parts numbered. The tree is borrowed.
struct Condition {
  const language::SyntaxTree* tree = nullptr;
  std::vector<Term> terms;  // by node

  const language::Node& node(language::NodeId id) const { return tree->node(id); }
  language::NodeId root() const { return tree->root_id(); }
};

// Shared by all conditions that are compared with each other; all of one profile.
class Terms {
 public:
  Condition Number(const language::SyntaxTree& tree);

 private:
  std::unordered_map<std::string, Term> numbers_;
};

}  // namespace sluice::analyze
