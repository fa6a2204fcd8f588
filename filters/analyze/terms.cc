#include "filters/analyze/terms.h"

#include "filters/compile/node_key.h"

namespace sluice::analyze {

using language::NodeId;

// Children stand before their parents, so that a node's key holds its children's numbers.
Condition Terms::Number(const language::SyntaxTree& tree) {
  Condition condition{&tree, {}};
  std::string key;
  for (NodeId id = 0; id < tree.nodes.size(); ++id) {
    const language::Node& node = tree.node(id);
    key.clear();
    compile::AppendNodeKey(node, &key);
    for (const NodeId child : tree.children_of(node)) {
      const Term term = condition.terms[child];
      key.append(reinterpret_cast<const char*>(&term), sizeof term);
    }
    condition.terms.push_back(
        numbers_.emplace(key, static_cast<Term>(numbers_.size())).first->second);
  }
  return condition;
}

}  // namespace sluice::analyze
