#include "filters/compile/node_key.h"

#include <algorithm>
#include <string_view>

namespace sluice::compile {

using language::Node;
using language::NodeId;
using language::Op;
using language::SyntaxTree;
using language::Value;

namespace {

template <typename T>
void AppendBytes(const T& value, std::string* key) {
  // Pointers too: their own bytes are meant. NOLINTNEXTLINE(bugprone-sizeof-expression)
  key->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendText(std::string_view text, std::string* key) {
  AppendBytes(text.size(), key);
  key->append(text);
}

void AppendConstant(const Value& value, std::string* key) {
  AppendBytes(value.kind(), key);
  if (value.is_string()) {
    AppendText(value.string(), key);
  } else if (value.is_number()) {
    AppendBytes(value.number(), key);
  } else {
    AppendBytes(value.is_bool() && value.bool_value(), key);
    AppendBytes(value.is_bool() ? language::Reason::kNone : value.reason(), key);
  }
}

void AppendNode(const SyntaxTree& tree, const Node& node, std::string* key) {
  AppendNodeKey(node, key);
  for (const NodeId child : tree.children_of(node)) AppendNode(tree, tree.node(child), key);
}

template <typename Predicate>
bool AnyNode(const SyntaxTree& tree, NodeId id, Predicate holds) {
  const Node& node = tree.node(id);
  if (holds(node.op)) return true;
  const auto children = tree.children_of(node);
  return std::any_of(children.begin(), children.end(),
                     [&](NodeId child) { return AnyNode(tree, child, holds); });
}

}  // namespace

// $topic.line and $topic[1] may be one level, whose number is in the slot.
void AppendNodeKey(const Node& node, std::string* key) {
  AppendBytes(node.op, key);
  AppendBytes(node.type, key);
  AppendBytes(node.slot, key);
  AppendBytes(node.function(), key);
  AppendBytes(node.system(), key);
  AppendText(node.op == Op::kTopicLevel ? std::string_view() : node.text(), key);
  if (node.op == Op::kConstant) AppendConstant(node.constant, key);
  AppendBytes(node.child_count, key);
}

std::string NodeKey(const SyntaxTree& tree, NodeId id) {
  std::string key;
  AppendNode(tree, tree.node(id), &key);
  return key;
}

std::string ValueKey(const Value& value) {
  std::string key;
  AppendConstant(value.is_number() && value.number() == 0 ? Value::Number(0) : value, &key);
  return key;
}

bool ReadsBody(const SyntaxTree& tree, NodeId id) {
  return AnyNode(tree, id, [](Op op) { return op == Op::kBody || op == Op::kPropertyOrBody; });
}

bool ReadsTwin(const SyntaxTree& tree, NodeId id) {
  return AnyNode(tree, id, [](Op op) { return op == Op::kTwin; });
}

bool IsAllOfBody(const SyntaxTree& tree, NodeId id) {
  const Node& node = tree.node(id);
  const auto children = tree.children_of(node);
  const auto reads = [&](NodeId child) { return IsAllOfBody(tree, child); };
  switch (node.op) {
    case Op::kNot:
    case Op::kAnd:
    case Op::kOr:
      return std::all_of(children.begin(), children.end(), reads);
    case Op::kBody:
      return true;
    default:  // one that reads it anywhere has any value
      return std::any_of(children.begin(), children.end(), reads);
  }
}

}  // namespace sluice::compile
