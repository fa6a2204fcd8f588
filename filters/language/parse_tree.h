// What the parser makes of a text: its shape, before names, types and functions are looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/op.h"

namespace sluice::language {

enum class SyntaxKind : uint8_t {
  kTrue,
  kFalse,
  kNull,
  kUndefined,
  kString,   // `text`, unescaped
  kInteger,  // `text` as written, like the next two
  kHex,
  kReal,
  kName,
  kSystem,        // `text` with its dollar
  kBracedSystem,  // {$name}
  kCall,          // `text` is the function's name
  kOperator,      // SyntaxNode::op; of AND and OR a chain is one node
};

struct SyntaxNode {
  SyntaxKind kind = SyntaxKind::kUndefined;
  Op op = Op::kConstant;  // of a kOperator
  uint32_t offset = 0;    // of what to underline: the name, the literal, the operator
  uint32_t length = 0;
  uint32_t height = 1;  // 1 + that of the highest child
  std::string text;
  std::vector<uint32_t> children;  // into ParseTree::nodes, before this node
};

struct ParseTree {
  std::vector<SyntaxNode> nodes;  // the last one is the root; none: the text was empty
  bool empty() const { return nodes.empty(); }
  uint32_t root() const { return static_cast<uint32_t>(nodes.size() - 1); }
};

// The condition again, every operator in parentheses: parsing it gives the same tree.
std::string ToText(const ParseTree& tree);

}  // namespace sluice::language
