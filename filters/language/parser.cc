#include "filters/language/parser.h"

#include <algorithm>
#include <string>
#include <utility>

#include "filters/language/expression.h"
#include "filters/language/lexer.h"
#include "filters/language/parser_hints.h"
#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

// Parentheses, calls and prefix operators open at once: what bounds the parser's own stack.
constexpr size_t kMaxNesting = 1000;

struct BinaryOperator {
  TokenKind token;
  Op op;
  int precedence;  // a higher one binds tighter
};

constexpr BinaryOperator kBinaryOperators[] = {
    {TokenKind::kCoalesce, Op::kCoalesce, 1},
    {TokenKind::kOr, Op::kOr, 2},
    {TokenKind::kAnd, Op::kAnd, 3},
    {TokenKind::kEqual, Op::kEqual, 4},
    {TokenKind::kNotEqual, Op::kNotEqual, 4},
    {TokenKind::kLess, Op::kLess, 5},
    {TokenKind::kLessEqual, Op::kLessEqual, 5},
    {TokenKind::kGreater, Op::kGreater, 5},
    {TokenKind::kGreaterEqual, Op::kGreaterEqual, 5},
    {TokenKind::kPlus, Op::kAdd, 6},
    {TokenKind::kMinus, Op::kSubtract, 6},
    {TokenKind::kConcatenate, Op::kConcatenate, 6},
    {TokenKind::kStar, Op::kMultiply, 7},
    {TokenKind::kSlash, Op::kDivide, 7},
    {TokenKind::kPercent, Op::kModulo, 7},
};

const BinaryOperator* FindBinary(TokenKind token) {
  const auto* found = std::find_if(std::begin(kBinaryOperators), std::end(kBinaryOperators),
                                   [token](const BinaryOperator& op) { return op.token == token; });
  return found == std::end(kBinaryOperators) ? nullptr : found;
}

std::optional<SyntaxKind> LiteralKind(TokenKind token) {
  switch (token) {
    case TokenKind::kTrue:
      return SyntaxKind::kTrue;
    case TokenKind::kFalse:
      return SyntaxKind::kFalse;
    case TokenKind::kNull:
      return SyntaxKind::kNull;
    case TokenKind::kUndefined:
      return SyntaxKind::kUndefined;
    case TokenKind::kInteger:
      return SyntaxKind::kInteger;
    case TokenKind::kHex:
      return SyntaxKind::kHex;
    case TokenKind::kReal:
      return SyntaxKind::kReal;
    default:
      return std::nullopt;
  }
}

class Parser {
 public:
  Parser(std::string_view text, Diagnostics* diagnostics)
      : tokens_(Tokenize(text)), diagnostics_(diagnostics) {}

  std::optional<ParseTree> Run() {
    if (Peek().kind == TokenKind::kEnd) return std::move(tree_);
    if (!ParseBinary(1)) return std::nullopt;
    if (Peek().kind != TokenKind::kEnd) {
      Report(ExplainLeftover(tokens_, at_));
      return std::nullopt;
    }
    return std::move(tree_);
  }

 private:
  using Result = std::optional<uint32_t>;  // a node, or an error was reported

  const Token& Peek() const { return tokens_[at_]; }
  const Token& Take() { return tokens_[Peek().kind == TokenKind::kEnd ? at_ : at_++]; }

  Result Fail(const Token& token, std::string message, std::string hint = {}) {
    Report({Diagnostic::Severity::kError, std::move(message), std::move(hint), token.offset,
            std::max<size_t>(1, token.text.size())});
    return std::nullopt;
  }

  void Report(Diagnostic diagnostic) { diagnostics_->push_back(std::move(diagnostic)); }

  Result Add(SyntaxKind kind, const Token& token, std::string text,
             std::vector<uint32_t> children) {
    SyntaxNode node;
    node.kind = kind;
    node.offset = static_cast<uint32_t>(token.offset);
    node.length = static_cast<uint32_t>(token.text.size());
    node.text = std::move(text);
    for (uint32_t child : children)
      node.height = std::max(node.height, tree_.nodes[child].height + 1);
    node.children = std::move(children);
    if (node.height > kMaxExpressionDepth)
      return Fail(token, "the expression is nested too deeply");
    tree_.nodes.push_back(std::move(node));
    return tree_.root();
  }

  Result AddOperator(Op op, const Token& token, std::vector<uint32_t> children) {
    const Result node = Add(SyntaxKind::kOperator, token, {}, std::move(children));
    if (node) tree_.nodes[*node].op = op;
    return node;
  }

  // Precedence climbing: operands joined by operators of at least this precedence, all from the
  // left.
  Result ParseBinary(int least) {
    Result left = ParseUnary();
    while (left) {
      const BinaryOperator* op = FindBinary(Peek().kind);
      if (op == nullptr || op->precedence < least) return left;
      const Token token = Take();
      const Result right = ParseBinary(op->precedence + 1);
      if (!right) return std::nullopt;
      left = Join(op->op, token, *left, *right);
    }
    return left;
  }

  // a AND b AND c is one node with three children: chains of hundreds stay flat.
  Result Join(Op op, const Token& token, uint32_t left, uint32_t right) {
    const bool chains = op == Op::kAnd || op == Op::kOr;
    if (!chains || tree_.nodes[left].op != op) return AddOperator(op, token, {left, right});
    std::vector<uint32_t> children = std::move(tree_.nodes[left].children);
    children.push_back(right);
    // `left` stays behind, no part of the tree any more.
    tree_.nodes[left].kind = SyntaxKind::kUndefined;
    tree_.nodes[left].op = Op::kConstant;
    return AddOperator(op, token, std::move(children));
  }

  Result ParseUnary() {
    if (++nesting_ > kMaxNesting) return Fail(Peek(), "the expression is nested too deeply");
    const Result result = ParseUnaryUnguarded();
    --nesting_;
    return result;
  }

  Result ParseUnaryUnguarded() {
    const Token token = Take();
    if (token.kind == TokenKind::kMinus || token.kind == TokenKind::kNot) {
      const Result operand = ParseUnary();
      if (!operand) return std::nullopt;
      return AddOperator(token.kind == TokenKind::kMinus ? Op::kNegate : Op::kNot, token,
                         {*operand});
    }
    if (const std::optional<SyntaxKind> literal = LiteralKind(token.kind)) {
      return Add(*literal, token, std::string(token.text), {});
    }
    switch (token.kind) {
      case TokenKind::kString:
        return ParseString(token);
      case TokenKind::kOpenParen:
        return ParseParenthesised(token);
      case TokenKind::kOpenBrace:
        return ParseBraced(token);
      case TokenKind::kSystem:
        WarnOfName(token);
        return Add(SyntaxKind::kSystem, token, std::string(token.text), {});
      case TokenKind::kName:
        if (Peek().kind == TokenKind::kOpenParen) return ParseCall(token);
        WarnOfName(token);
        return Add(SyntaxKind::kName, token, std::string(token.text), {});
      default:
        Report(ExplainNoOperand(tokens_, IndexOf(token)));
        return std::nullopt;
    }
  }

  size_t IndexOf(const Token& token) const {
    return token.kind == TokenKind::kEnd ? tokens_.size() - 1 : at_ - 1;
  }

  Result ParseString(const Token& token) {
    std::string text;
    if (!UnescapeString(token, &text, diagnostics_)) return std::nullopt;
    return Add(SyntaxKind::kString, token, std::move(text), {});
  }

  Result ParseParenthesised(const Token& open) {
    const Result inner = ParseBinary(1);
    if (!inner) return std::nullopt;
    if (Peek().kind == TokenKind::kEnd) return Fail(open, "this parenthesis is never closed");
    if (Peek().kind != TokenKind::kCloseParen) {
      Report(ExplainLeftover(tokens_, at_));
      return std::nullopt;
    }
    Take();
    // The tree has no parentheses. A chain inside them must not swallow what follows on its right:
    // it does not, as only a left operand is ever joined, where they change nothing.
    return inner;
  }

  Result ParseBraced(const Token& open) {
    const Token name = Take();
    if (name.kind != TokenKind::kSystem) {
      return Fail(name, "braces hold a system property", "for instance {$messageId}");
    }
    if (Peek().kind != TokenKind::kCloseBrace) return Fail(open, "this brace is never closed");
    Take();
    return Add(SyntaxKind::kBracedSystem, name, std::string(name.text), {});
  }

  Result ParseCall(const Token& name) {
    const Token open = Take();
    std::vector<uint32_t> arguments;
    if (Peek().kind == TokenKind::kCloseParen) {
      Take();
      return Add(SyntaxKind::kCall, name, std::string(name.text), {});
    }
    while (true) {
      const Result argument = ParseBinary(1);
      if (!argument) return std::nullopt;
      arguments.push_back(*argument);
      const Token next = Take();
      if (next.kind == TokenKind::kCloseParen) break;
      if (next.kind == TokenKind::kEnd) return Fail(open, "this parenthesis is never closed");
      if (next.kind != TokenKind::kComma) {
        Report(ExplainLeftover(tokens_, at_ - 1));
        return std::nullopt;
      }
    }
    return Add(SyntaxKind::kCall, name, std::string(name.text), std::move(arguments));
  }

  void WarnOfName(const Token& name) {
    if (auto warning = WarnOfGluedOperator(name, Peek())) Report(std::move(*warning));
  }

  const std::vector<Token> tokens_;
  Diagnostics* const diagnostics_;
  ParseTree tree_;
  size_t at_ = 0;
  size_t nesting_ = 0;
};

}  // namespace

std::optional<ParseTree> Parse(std::string_view text, Diagnostics* diagnostics) {
  if (text.size() > kMaxExpressionBytes) {
    diagnostics->push_back({Diagnostic::Severity::kError, "the expression is longer than 65535 bytes",
                            "", kMaxExpressionBytes, 1});
    return std::nullopt;
  }
  if (const size_t bad = Utf8ErrorOffset(text); bad < text.size()) {
    diagnostics->push_back({Diagnostic::Severity::kError, "this byte is no UTF-8", "", bad, 1});
    return std::nullopt;
  }
  return Parser(text, diagnostics).Run();
}

}  // namespace sluice::language
