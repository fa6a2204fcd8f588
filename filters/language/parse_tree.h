// What the parser makes of a text: its shape, before names, types and functions are looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
  kNegate,
  kNot,
  kMultiply,
  kDivide,
  kModulo,
  kAdd,
  kSubtract,
  kConcatenate,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kAnd,  // two or more, as the next: a chain is one node
  kOr,
  kCoalesce,
};

struct SyntaxNode {
  SyntaxKind kind = SyntaxKind::kUndefined;
  uint32_t offset = 0;  // of what to underline: the name, the literal, the operator
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

// "AND", "<=" …; the language's own spelling.
std::string_view OperatorText(SyntaxKind kind);

// The condition again, every operator in parentheses: parsing it gives the same tree.
std::string ToText(const ParseTree& tree);

}  // namespace sluice::language
