#include "filters/language/parser_hints.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

Diagnostic At(const Token& token, std::string message, std::string hint) {
  return {Diagnostic::Severity::kError, std::move(message), std::move(hint), token.offset,
          std::max<size_t>(1, token.text.size())};
}

// Words and signs of other languages, where an operator of this one is wanted.
struct Foreign {
  std::string_view text;
  std::string_view hint;
};
constexpr Foreign kForeign[] = {
    {"in", "there is no IN: write a = 'x' OR a = 'y'"},
    {"like", "there is no LIKE: use STARTS_WITH, ENDS_WITH or CONTAINS"},
    {"between", "there is no BETWEEN: write a >= 1 AND a <= 9"},
    {"is", "there is no IS: use IS_NULL(a) or IS_DEFINED(a)"},
    {"&&", "write AND"},
    {"&", "write AND"},
    {"|", "write OR"},
    {"--", "a comment is written /* … */"},
    {"//", "a comment is written /* … */"},
    {"!", "write NOT"},
    {"~", "there is no such operator"},
};

std::string_view ForeignHint(std::string_view text) {
  for (const Foreign& foreign : kForeign) {
    if (EqualsIgnoringCase(text, foreign.text)) return foreign.hint;
  }
  return {};
}

// What goes for a token wherever it stands; nothing where its place is all that is wrong.
std::optional<Diagnostic> ExplainToken(const Token& token) {
  switch (token.kind) {
    case TokenKind::kUnterminatedString:
      return At(token, "this string never ends",
                "a string ends with the quote it began with; escapes are \\' \\\" \\\\ \\uXXXX");
    case TokenKind::kSelect:
    case TokenKind::kFrom:
    case TokenKind::kWhere:
    case TokenKind::kInto:
      return At(token, Quoted(token.text) + " is a reserved word",
                "a property of this name cannot be referred to in a condition");
    case TokenKind::kPath:
      if (token.text[0] == '[') {
        return At(token, "there are no array literals", "write a = 1 OR a = 2");
      }
      return At(token, Quoted(token.text) + " has a bracket, which no property name has",
                "members of the body are written $body.name[0]");
    case TokenKind::kUnknown:
      return At(token, Quoted(token.text) + " means nothing here", "");
    default:
      return std::nullopt;
  }
}

}  // namespace

Diagnostic ExplainNoOperand(const std::vector<Token>& tokens, size_t at) {
  const Token& token = tokens[at];
  if (auto explained = ExplainToken(token)) return *explained;
  if (token.kind == TokenKind::kEnd) return At(token, "the expression is not complete", "");
  const TokenKind before = at > 0 ? tokens[at - 1].kind : TokenKind::kEnd;
  if (token.kind == TokenKind::kEqual && before == TokenKind::kEqual) {
    return At(token, "there is no operator ==", "write a single =");
  }
  if (token.kind == TokenKind::kCloseParen && before == TokenKind::kOpenParen) {
    return At(token, "nothing stands between the parentheses", "");
  }
  return At(token, Quoted(token.text) + " cannot begin a value", "");
}

Diagnostic ExplainLeftover(const std::vector<Token>& tokens, size_t at) {
  const Token& token = tokens[at];
  if (auto explained = ExplainToken(token)) return *explained;
  if (token.kind == TokenKind::kCloseParen) return At(token, "no parenthesis is open here", "");
  if (token.kind == TokenKind::kEnd) return At(token, "the expression is not complete", "");
  std::string_view hint = ForeignHint(token.text);
  if (hint.empty() && (token.kind == TokenKind::kInteger || token.kind == TokenKind::kReal ||
                       token.kind == TokenKind::kName)) {
    // `a -5`, `a +b`: the sign belongs to what follows it.
    const bool signed_token =
        token.text.size() > 1 && (token.text[0] == '-' || token.text[0] == '+' ||
                                  token.text[0] == '*' || token.text[0] == '%');
    if (signed_token) hint = "put a blank behind the operator, too";
    if (token.text.starts_with("||")) hint = "put blanks around ||";
  }
  return At(token, "an operator is missing before " + Quoted(token.text), std::string(hint));
}

std::optional<Diagnostic> WarnOfGluedOperator(const Token& name, const Token& next) {
  constexpr std::string_view kOperators = "+-*%!|&";
  const std::string_view text = name.text;
  const auto telling = [](char c) { return c == '\'' || c == '$' || (c >= '0' && c <= '9'); };
  bool glued = text.size() > 1 &&
               (text.front() == '!' || (text.back() == '!' && next.kind == TokenKind::kEqual &&
                                        next.offset == name.offset + text.size()));
  for (size_t i = 0; i < text.size() && !glued; ++i) {
    if (kOperators.find(text[i]) == std::string_view::npos) continue;
    glued = (i > 0 && i + 1 < text.size() && telling(text[i - 1])) ||
            (i + 1 < text.size() && telling(text[i + 1]));
  }
  if (!glued) return std::nullopt;
  return Diagnostic{Diagnostic::Severity::kWarning, Quoted(text) + " is read as a single name",
                    "names may hold operators: put blanks around them", name.offset, text.size()};
}

}  // namespace sluice::language
