#include "filters/match/needs_body.h"

#include <algorithm>

#include "filters/language/system_names.h"

namespace sluice::match {

using language::Op;

bool NeedsBody(const language::SyntaxTree& tree, const language::Node& node,
               const language::MessageView& message) {
  if (node.op == Op::kBody) return true;
  if (node.op == Op::kPropertyOrBody)
    return language::FindProperty(message.properties, node.text()) == nullptr;
  const auto children = tree.children_of(node);
  return std::any_of(children.begin(), children.end(), [&](language::NodeId child) {
    return NeedsBody(tree, tree.node(child), message);
  });
}

}  // namespace sluice::match
