#include "filters/language/lexer.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "filters/json/utf8.h"
#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

using Matcher = size_t (*)(std::string_view);  // bytes that match at the start; 0: none

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

size_t CountDigits(std::string_view text, size_t from) {
  size_t at = from;
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at - from;
}

// ESC = \' \" \\ \uXXXX: bytes of the one at `at`, or 0.
size_t EscapeSize(std::string_view text, size_t at) {
  if (at + 1 >= text.size()) return 0;
  const char c = text[at + 1];
  if (c == '\'' || c == '"' || c == '\\') return 2;
  if (c != 'u' || text.size() - at < 6) return 0;
  return std::all_of(text.begin() + static_cast<ptrdiff_t>(at) + 2,
                     text.begin() + static_cast<ptrdiff_t>(at) + 6, IsHexDigit)
             ? 6
             : 0;
}

// Bytes of the string up to what ends it: its quote, the end of the text or a bad escape.
size_t StringBody(std::string_view text) {
  size_t at = 1;
  while (at < text.size() && text[at] != text[0]) {
    const size_t step = text[at] == '\\' ? EscapeSize(text, at) : 1;
    if (step == 0) break;
    at += step;
  }
  return at;
}

size_t MatchString(std::string_view text) {
  if (text[0] != '\'' && text[0] != '"') return 0;
  const size_t end = StringBody(text);
  return end < text.size() && text[end] == text[0] ? end + 1 : 0;
}

size_t MatchUnterminated(std::string_view text) {
  return text[0] == '\'' || text[0] == '"' ? StringBody(text) : 0;
}

size_t MatchInteger(std::string_view text) {
  const size_t sign = text[0] == '-';
  const size_t digits = CountDigits(text, sign);
  return digits == 0 ? 0 : sign + digits;
}

size_t MatchHex(std::string_view text) {
  if (text.size() < 3 || text[0] != '0' || (text[1] | 0x20) != 'x') return 0;
  size_t at = 2;
  while (at < text.size() && IsHexDigit(text[at])) ++at;
  return at > 2 ? at : 0;
}

size_t MatchExponent(std::string_view text, size_t from) {
  size_t at = from;
  if (at >= text.size() || (text[at] | 0x20) != 'e') return 0;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const size_t digits = CountDigits(text, at);
  return digits == 0 ? 0 : at + digits - from;
}

size_t MatchReal(std::string_view text) {
  size_t at = text[0] == '-';
  at += CountDigits(text, at);
  if (at < text.size() && text[at] == '.') {
    const size_t digits = CountDigits(text, at + 1);
    if (digits == 0) return 0;
    at += 1 + digits;
    return at + MatchExponent(text, at);
  }
  const size_t exponent = MatchExponent(text, at);
  return exponent == 0 ? 0 : at + exponent;
}

template <bool (*Belongs)(char)>
size_t MatchRun(std::string_view text) {
  return static_cast<size_t>(std::find_if_not(text.begin(), text.end(), Belongs) - text.begin());
}

size_t MatchSystem(std::string_view text) {
  if (text[0] != '$') return 0;
  const size_t path = MatchRun<IsPathByte>(text.substr(1));
  return path == 0 ? 0 : path + 1;
}

// In order of rank: of equally long matches the first counts.
struct Rule {
  TokenKind kind;
  std::string_view fixed;  // this very text …
  bool ignore_case;
  Matcher match;  // … or what this finds
};

constexpr Rule kRules[] = {
    {TokenKind::kSelect, "select", true, nullptr},
    {TokenKind::kFrom, "from", true, nullptr},
    {TokenKind::kWhere, "where", true, nullptr},
    {TokenKind::kInto, "into", true, nullptr},
    {TokenKind::kString, "", false, MatchString},
    {TokenKind::kUnterminatedString, "", false, MatchUnterminated},
    {TokenKind::kInteger, "", false, MatchInteger},
    {TokenKind::kHex, "", false, MatchHex},
    {TokenKind::kReal, "", false, MatchReal},
    {TokenKind::kTrue, "true", false, nullptr},
    {TokenKind::kFalse, "false", false, nullptr},
    {TokenKind::kNull, "null", false, nullptr},
    {TokenKind::kUndefined, "undefined", false, nullptr},
    {TokenKind::kOpenParen, "(", false, nullptr},
    {TokenKind::kCloseParen, ")", false, nullptr},
    {TokenKind::kComma, ",", false, nullptr},
    {TokenKind::kPlus, "+", false, nullptr},
    {TokenKind::kMinus, "-", false, nullptr},
    {TokenKind::kStar, "*", false, nullptr},
    {TokenKind::kSlash, "/", false, nullptr},
    {TokenKind::kPercent, "%", false, nullptr},
    {TokenKind::kAnd, "and", true, nullptr},
    {TokenKind::kOr, "or", true, nullptr},
    {TokenKind::kNot, "not", true, nullptr},
    {TokenKind::kEqual, "=", false, nullptr},
    {TokenKind::kNotEqual, "!=", false, nullptr},
    {TokenKind::kNotEqual, "<>", false, nullptr},
    {TokenKind::kLessEqual, "<=", false, nullptr},
    {TokenKind::kGreaterEqual, ">=", false, nullptr},
    {TokenKind::kGreater, ">", false, nullptr},
    {TokenKind::kLess, "<", false, nullptr},
    {TokenKind::kConcatenate, "||", false, nullptr},
    {TokenKind::kCoalesce, "??", false, nullptr},
    {TokenKind::kOpenBrace, "{", false, nullptr},
    {TokenKind::kCloseBrace, "}", false, nullptr},
    {TokenKind::kSystem, "", false, MatchSystem},
    {TokenKind::kName, "", false, MatchRun<IsNameByte>},
    {TokenKind::kPath, "", false, MatchRun<IsPathByte>},
};

size_t MatchRule(const Rule& rule, std::string_view text) {
  if (rule.match != nullptr) return rule.match(text);
  const bool matches =
      rule.ignore_case ? StartsWithIgnoringCase(text, rule.fixed) : text.starts_with(rule.fixed);
  return matches ? rule.fixed.size() : 0;
}

// White space and whole comments, which end at `last_end` at the latest. An open comment is no
// comment: its slash is a token.
size_t SkipBlank(std::string_view text, size_t at, size_t last_end) {
  while (at < text.size()) {
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at;
      continue;
    }
    if (text.substr(at, 2) != "/*") break;
    if (last_end == std::string_view::npos || at + 2 > last_end) break;
    at = text.find("*/", at + 2) + 2;
  }
  return at;
}

uint32_t HexValue(std::string_view digits) {
  uint32_t value = 0;
  for (char c : digits)
    value = value * 16 + static_cast<uint32_t>(IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  return value;
}

constexpr std::array<bool, 256> kIsNameByte = [] {
  std::array<bool, 256> result{};
  for (bool& belongs : result) belongs = true;
  for (unsigned char c : std::string_view("()<>@,;:\\\"/[]?={} \t\n\r")) result[c] = false;
  return result;
}();

}  // namespace

bool IsNameByte(char c) { return kIsNameByte[static_cast<unsigned char>(c)]; }
bool IsPathByte(char c) { return IsNameByte(c) || c == '[' || c == ']'; }

std::vector<Token> Tokenize(std::string_view text) {
  std::vector<Token> tokens;
  const size_t last_comment_end = text.rfind("*/");
  size_t at = SkipBlank(text, 0, last_comment_end);
  while (at < text.size()) {
    Token token{TokenKind::kUnknown, at, text.substr(at, 1)};
    size_t longest = 0;
    for (const Rule& rule : kRules) {
      const size_t size = MatchRule(rule, text.substr(at));
      if (size <= longest) continue;
      longest = size;
      token.kind = rule.kind;
      token.text = text.substr(at, size);
    }
    tokens.push_back(token);
    at = SkipBlank(text, at + token.text.size(), last_comment_end);
  }
  tokens.push_back({TokenKind::kEnd, text.size(), {}});
  return tokens;
}

bool UnescapeString(const Token& token, std::string* out, Diagnostics* diagnostics) {
  const std::string_view body = token.text.substr(1, token.text.size() - 2);
  out->clear();
  for (size_t at = 0; at < body.size();) {
    if (body[at] != '\\') {
      out->push_back(body[at++]);
      continue;
    }
    if (body[at + 1] != 'u') {
      out->push_back(body[at + 1]);
      at += 2;
      continue;
    }
    uint32_t code_point = HexValue(body.substr(at + 2, 4));
    size_t size = 6;
    if (code_point >= 0xD800 && code_point < 0xDC00 && body.substr(at + 6, 2) == "\\u") {
      const uint32_t low = HexValue(body.substr(at + 8, 4));
      if (low >= 0xDC00 && low < 0xE000) {
        code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
        size = 12;
      }
    }
    if (code_point >= 0xD800 && code_point < 0xE000) {
      diagnostics->push_back(
          {Diagnostic::Severity::kError, "half of a surrogate pair is no character",
           "write both halves, as in '\\uD83D\\uDE00'", token.offset + 1 + at, size});
      return false;
    }
    char bytes[4];
    out->append(bytes, json::EncodeUtf8(code_point, bytes));
    at += size;
  }
  return true;
}

}  // namespace sluice::language
