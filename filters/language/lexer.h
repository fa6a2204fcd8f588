// Text to tokens, by the longest match (azure/routing-query.md section 1).
//
// Names may hold almost any character, operators included: `a!='x'` begins with the name `a!`. The
// lexer reports what it refuses; white space that is probably missing is the parser's to notice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/diagnostic.h"

namespace sluice::language {

enum class TokenKind : uint8_t {
  kEnd,
  kSelect,
  kFrom,
  kWhere,
  kInto,
  kAnd,
  kOr,
  kNot,
  kString,
  kUnterminatedString,
  kInteger,
  kHex,
  kReal,
  kTrue,
  kFalse,
  kNull,
  kUndefined,
  kOpenParen,
  kCloseParen,
  kComma,
  kPlus,
  kMinus,
  kStar,
  kSlash,
  kPercent,
  kEqual,
  kNotEqual,
  kLessEqual,
  kLess,
  kGreaterEqual,
  kGreater,
  kConcatenate,
  kCoalesce,
  kOpenBrace,
  kCloseBrace,
  kSystem,  // $ and path characters
  kName,
  kPath,  // path characters with a bracket in them, without a $: nothing takes it
  kUnknown,
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t offset = 0;
  std::string_view text;  // as it is written
};

bool IsNameByte(char c);
bool IsPathByte(char c);  // a name's, or a bracket

// All tokens of the text, kEnd last.
std::vector<Token> Tokenize(std::string_view text);

// What a string token means. False, with an error at the escape, where one is malformed.
bool UnescapeString(const Token& token, std::string* out, Diagnostics* diagnostics);

}  // namespace sluice::language
