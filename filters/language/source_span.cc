#include "filters/language/source_span.h"

#include <algorithm>

namespace sluice::language {

namespace {

bool Opens(TokenKind kind) {
  return kind == TokenKind::kOpenParen || kind == TokenKind::kOpenBrace;
}
bool Closes(TokenKind kind) {
  return kind == TokenKind::kCloseParen || kind == TokenKind::kCloseBrace;
}

// The bytes from which to which the operators and leaves of a subtree reach.
void Reach(const SyntaxTree& tree, NodeId id, size_t* begin, size_t* end) {
  const Node& node = tree.node(id);
  *begin = std::min<size_t>(*begin, node.offset);
  *end = std::max<size_t>(*end, size_t{node.offset} + node.length);
  for (const NodeId child : tree.children_of(node)) Reach(tree, child, begin, end);
}

}  // namespace

SourceText::SourceText(std::string_view text) : text_(text), tokens_(Tokenize(text_)) {}

// The token that covers this byte, else the last one before it.
size_t SourceText::TokenAt(size_t offset) const {
  const auto after =
      std::upper_bound(tokens_.begin(), tokens_.end(), offset,
                       [](size_t at, const Token& token) { return at < token.offset; });
  return after == tokens_.begin() ? 0 : static_cast<size_t>(after - tokens_.begin()) - 1;
}

// The token that closes all that is open from `first` to `last`.
size_t SourceText::CloseBrackets(size_t first, size_t last) const {
  int open = 0;
  for (size_t i = first; i <= last; ++i)
    open += Opens(tokens_[i].kind) ? 1 : Closes(tokens_[i].kind) && open > 0 ? -1 : 0;
  while (open > 0 && tokens_[last + 1].kind != TokenKind::kEnd) {
    ++last;
    open += Opens(tokens_[last].kind) ? 1 : Closes(tokens_[last].kind) ? -1 : 0;
  }
  return last;
}

SourceSpan SourceText::SpanOf(const SyntaxTree& tree, NodeId id) const {
  size_t begin = text_.size(), end = 0;
  Reach(tree, id, &begin, &end);
  if (begin >= end || tokens_.size() < 2) return {0, text_.size()};
  size_t first = TokenAt(begin), last = TokenAt(end - 1);
  // Brackets that close inside were opened before.
  int missing = 0, open = 0;
  for (size_t i = first; i <= last; ++i) {
    if (Opens(tokens_[i].kind)) ++open;
    if (!Closes(tokens_[i].kind)) continue;
    open > 0 ? --open : ++missing;
  }
  for (; missing > 0 && first > 0; --missing) --first;
  const bool is_call =
      tokens_[last].kind == TokenKind::kName && tokens_[last + 1].kind == TokenKind::kOpenParen;
  last = CloseBrackets(first, is_call ? last + 1 : last);
  const bool is_braced = first > 0 && first == last &&
                         tokens_[first - 1].kind == TokenKind::kOpenBrace &&
                         tokens_[last + 1].kind == TokenKind::kCloseBrace;
  if (is_braced) --first, ++last;
  const size_t start = tokens_[first].offset;
  return {start, tokens_[last].offset + tokens_[last].text.size() - start};
}

}  // namespace sluice::language
