#include "filters/analyze/terms.h"

#include <string_view>

namespace sluice::analyze {

using language::Node;
using language::NodeId;
using language::Op;
using language::Value;

namespace {

template <typename T>
void AppendBytes(const T& value, std::string* key) {
  // Pointers too: their own bytes are meant. NOLINTNEXTLINE(bugprone-sizeof-expression)
  key->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void AppendConstant(const Value& value, std::string* key) {
  AppendBytes(value.kind(), key);
  AppendBytes(value.reason(), key);
  if (value.is_number()) AppendBytes(value.number(), key);
  if (value.is_bool()) AppendBytes(value.bool_value(), key);
}

}  // namespace

// Children stand before their parents, so that a node's key holds its children's numbers.
Condition Terms::Number(const language::SyntaxTree& tree) {
  Condition condition{&tree, {}};
  std::string key;
  for (NodeId id = 0; id < tree.nodes.size(); ++id) {
    const Node& node = tree.node(id);
    key.clear();
    AppendBytes(node.op, &key);
    AppendBytes(node.type, &key);
    AppendBytes(node.slot, &key);
    AppendBytes(node.function(), &key);
    if (node.op == Op::kConstant) AppendConstant(node.constant, &key);
    for (const NodeId child : tree.children_of(node)) AppendBytes(condition.terms[child], &key);
    // $topic.line and $topic[1] may be one level: its number is in the slot.
    if (node.op != Op::kTopicLevel) key += node.text();
    condition.terms.push_back(
        numbers_.emplace(key, static_cast<Term>(numbers_.size())).first->second);
  }
  return condition;
}

}  // namespace sluice::analyze
