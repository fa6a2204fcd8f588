// Where a part of a condition stands in its text: the syntax tree knows operators, people want
// operands, too.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/lexer.h"
#include "filters/language/syntax_tree.h"

namespace sluice::language {

struct SourceSpan {
  size_t offset = 0;
  size_t length = 0;
};

// One condition's text, and its tokens.
class SourceText {
 public:
  // Copies `text`, which is what the trees asked about later were compiled from.
  explicit SourceText(std::string_view text);
  SourceText(const SourceText&) = delete;
  SourceText& operator=(const SourceText&) = delete;

  const std::string& text() const { return text_; }
  // From a node's first token to its last, with the brackets that belong to it.
  SourceSpan SpanOf(const SyntaxTree& tree, NodeId id) const;
  std::string_view TextOf(const SourceSpan& span) const {
    return std::string_view(text_).substr(span.offset, span.length);
  }

 private:
  size_t TokenAt(size_t offset) const;
  size_t CloseBrackets(size_t first, size_t last) const;

  std::string text_;
  std::vector<Token> tokens_;
};

}  // namespace sluice::language
