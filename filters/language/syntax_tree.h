// A checked condition as a tree in a flat array: what the compiler walks and the evaluator runs.
//
// Children stand before their parents; nodes never change once the condition is compiled.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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
  uint16_t child_count = 0;
  uint32_t first_child = 0;  // into SyntaxTree::children
  uint32_t slot = 0;
  uint16_t offset = 0;  // where it is written: bytes into the condition's text
  uint16_t length = 0;
  Value constant;                // of others than constants, their text as a string
  const void* target = nullptr;  // see below

  // A name; of a constant string, its bytes; of a regex, its pattern. Owned by the tree.
  std::string_view text() const {
    return constant.is_string() ? constant.string() : std::string_view();
  }
  // Each null where `op` is of another kind.
  const Function* function() const {
    return op == Op::kCall ? static_cast<const Function*>(target) : nullptr;
  }
  const re2::RE2* regex() const {  // owned by the tree
    return op == Op::kRegexMatch ? static_cast<const re2::RE2*>(target) : nullptr;
  }
  const SystemName* system() const {  // null, too, where the hub knows none of this name
    const bool may_be =
        op == Op::kSystem || op == Op::kSystemOrProperty || op == Op::kPropertyOrSystem;
    return may_be ? static_cast<const SystemName*>(target) : nullptr;
  }
};

static_assert(sizeof(Node) == 40, "thousands of rules have ten of them each");

class SyntaxTree {
 public:
  SyntaxTree();
  ~SyntaxTree();
  SyntaxTree(SyntaxTree&&) noexcept;
  SyntaxTree& operator=(SyntaxTree&&) noexcept;

  const Node& node(NodeId id) const { return nodes[id]; }
  const Node& root() const { return nodes.back(); }
  NodeId root_id() const { return static_cast<NodeId>(nodes.size() - 1); }
  std::span<const NodeId> children_of(const Node& node) const {
    return {children.data() + node.first_child, node.child_count};
  }

  std::vector<Node> nodes;
  std::vector<NodeId> children;
  std::unique_ptr<char[]> texts;  // which the nodes view
  std::vector<std::unique_ptr<re2::RE2>> regexes;
};

// One line: (and (= $body.unit "C") (> $body.temperature 80)).
std::string Dump(const SyntaxTree& tree);

}  // namespace sluice::language
