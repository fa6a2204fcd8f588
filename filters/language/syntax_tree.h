// A checked condition as a tree in a flat array: what the compiler walks and the evaluator runs.
//
// Children stand before their parents; nodes never change once the condition is compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "filters/language/json_paths.h"
#include "filters/language/op.h"
#include "filters/language/value.h"

namespace re2 {
class RE2;
}

namespace sluice::language {

struct Function;    // functions.h
struct SystemName;  // system_names.h

enum class StaticType : uint8_t { kNumber, kString, kBool, kNull, kUndefined, kDynamic };

using NodeId = uint32_t;

struct Node {
  Op op = Op::kConstant;
  StaticType type = StaticType::kUndefined;
  uint32_t first_child = 0;  // into SyntaxTree::children
  uint32_t child_count = 0;
  uint32_t slot = 0;
  uint32_t offset = 0;  // where it is written: bytes into the condition's text
  uint32_t length = 0;
  Value constant;
  const Function* function = nullptr;
  const SystemName* system = nullptr;  // of a system property that the hub knows
  const re2::RE2* regex = nullptr;     // owned by the tree
  std::string text;  // a name; of a constant string, its bytes; of a regex, its pattern
};

class SyntaxTree {
 public:
  SyntaxTree();
  ~SyntaxTree();
  SyntaxTree(SyntaxTree&&) noexcept;
  SyntaxTree& operator=(SyntaxTree&&) noexcept;

  const Node& node(NodeId id) const { return *nodes[id]; }
  const Node& root() const { return *nodes.back(); }
  NodeId root_id() const { return static_cast<NodeId>(nodes.size() - 1); }
  std::span<const NodeId> children_of(const Node& node) const {
    return {children.data() + node.first_child, node.child_count};
  }

  // Nodes stay where they are when the tree moves, so that constants may view their text.
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<NodeId> children;
  std::vector<std::unique_ptr<re2::RE2>> regexes;
};

// One line: (and (= $body.unit "C") (> $body.temperature 80)).
std::string Dump(const SyntaxTree& tree);

}  // namespace sluice::language
