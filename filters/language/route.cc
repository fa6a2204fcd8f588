#include "filters/language/route.h"

#include <algorithm>
#include <utility>

#include "filters/language/lexer.h"
#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class RouteParser {
 public:
  RouteParser(std::string_view text, Diagnostics* diagnostics)
      : text_(text), diagnostics_(diagnostics) {}

  std::optional<Route> Run() {
    if (!ParseHead() || !ParseSource()) return std::nullopt;
    const std::vector<Token> tokens = Rest();
    size_t at = 0;
    if (tokens[at].kind == TokenKind::kWhere) {
      const auto into = std::find_if(tokens.begin(), tokens.end(), [](const Token& token) {
        return token.kind == TokenKind::kInto;
      });
      const Token& where = tokens[at];
      if (into == tokens.end())
        return Fail(tokens.back(), "INTO is missing", "for instance INTO $upstream");
      route_.condition_offset = where.offset + where.text.size();
      route_.condition =
          text_.substr(route_.condition_offset, into->offset - route_.condition_offset);
      at = static_cast<size_t>(into - tokens.begin());
      if (route_.condition.find_first_not_of(" \t\r\n") == std::string::npos) {
        return Fail(where, "a condition is missing behind WHERE", "");
      }
    }
    if (tokens[at].kind != TokenKind::kInto) {
      return Fail(tokens[at], "WHERE or INTO is missing here", "for instance INTO $upstream");
    }
    return ParseSink(tokens, at + 1);
  }

 private:
  std::nullopt_t Fail(const Token& token, std::string message, std::string hint) {
    diagnostics_->push_back({Diagnostic::Severity::kError, std::move(message), std::move(hint),
                             token.offset, std::max<size_t>(1, token.text.size())});
    return std::nullopt;
  }

  // [SELECT *] FROM
  bool ParseHead() {
    const std::vector<Token> tokens = Tokenize(text_);
    size_t at = 0;
    if (tokens[0].kind == TokenKind::kSelect) {
      if (tokens[1].kind != TokenKind::kStar) {
        Fail(tokens[1], "a route selects *", "SELECT * FROM …");
        return false;
      }
      at = 2;
    }
    if (tokens[at].kind != TokenKind::kFrom) {
      Fail(tokens[at], "a route begins with FROM", "for instance FROM /messages/* INTO $upstream");
      return false;
    }
    at_ = tokens[at].offset + tokens[at].text.size();
    return true;
  }

  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }

  // By hand, not by tokens: the /* of /messages/* is no comment.
  bool ParseSource() {
    for (SkipBlanks(); at_ < text_.size() && text_[at_] == '/'; SkipBlanks()) {
      ++at_;
      SkipBlanks();
      const size_t start = at_;
      while (at_ < text_.size() && IsNameByte(text_[at_])) ++at_;
      if (at_ == start) break;
      route_.source.emplace_back(text_.substr(start, at_ - start));
    }
    if (!route_.source.empty() && (at_ == text_.size() || text_[at_] != '/')) return true;
    Fail({TokenKind::kUnknown, at_, text_.substr(at_, 1)}, "a source is missing",
         "for instance /messages/*");
    return false;
  }

  // The tokens behind the source, with offsets into the whole text.
  std::vector<Token> Rest() const {
    std::vector<Token> tokens = Tokenize(text_.substr(at_));
    for (Token& token : tokens) token.offset += at_;
    return tokens;
  }

  std::optional<Route> ParseSink(const std::vector<Token>& tokens, size_t at) {
    const Token& sink = tokens[at];
    route_.sink_offset = sink.offset;
    size_t end = at;
    if (sink.kind == TokenKind::kSystem && EqualsIgnoringCase(sink.text, "$upstream")) {
      route_.sink = Route::Sink::kUpstream;
    } else if (sink.kind == TokenKind::kName && EqualsIgnoringCase(sink.text, "BrokeredEndpoint")) {
      route_.sink = Route::Sink::kBrokeredEndpoint;
      if (tokens[at + 1].kind != TokenKind::kOpenParen ||
          tokens[at + 2].kind != TokenKind::kString ||
          tokens[at + 3].kind != TokenKind::kCloseParen) {
        return Fail(tokens[at + 1], "BrokeredEndpoint takes one string",
                    "BrokeredEndpoint(\"/modules/NAME/inputs/INPUT\")");
      }
      if (!ParseEndpoint(tokens[at + 2])) return std::nullopt;
      end = at + 3;
    } else {
      return Fail(sink, "this is no sink",
                  "write $upstream or BrokeredEndpoint(\"/modules/NAME/inputs/INPUT\")");
    }
    route_.sink_length = tokens[end].offset + tokens[end].text.size() - sink.offset;
    if (tokens[end + 1].kind != TokenKind::kEnd)
      return Fail(tokens[end + 1], "the route should end here", "");
    return std::move(route_);
  }

  // /modules/{module}/inputs/{input}
  bool ParseEndpoint(const Token& token) {
    std::string path;
    if (!UnescapeString(token, &path, diagnostics_)) return false;
    std::vector<std::string> parts;
    for (size_t start = 0; start <= path.size();) {
      const size_t end = std::min(path.find('/', start), path.size());
      parts.push_back(path.substr(start, end - start));
      start = end + 1;
    }
    if (parts.size() != 5 || !parts[0].empty() || !EqualsIgnoringCase(parts[1], "modules") ||
        parts[2].empty() || !EqualsIgnoringCase(parts[3], "inputs") || parts[4].empty()) {
      Fail(token, "this is no input of a module", "\"/modules/NAME/inputs/INPUT\"");
      return false;
    }
    route_.module = parts[2];
    route_.input = parts[4];
    return true;
  }

  const std::string_view text_;
  Diagnostics* const diagnostics_;
  size_t at_ = 0;
  Route route_;
};

}  // namespace

std::optional<Route> ParseRoute(std::string_view text, Diagnostics* diagnostics) {
  if (const size_t bad = Utf8ErrorOffset(text); bad < text.size()) {
    diagnostics->push_back({Diagnostic::Severity::kError, "this byte is no UTF-8", "", bad, 1});
    return std::nullopt;
  }
  return RouteParser(text, diagnostics).Run();
}

bool SourceMatches(const Route& route, std::string_view message_source) {
  size_t segments = route.source.size();
  while (segments > 0 && route.source[segments - 1] == "*") --segments;
  for (size_t i = 0; i < segments; ++i) {
    const std::string& segment = route.source[i];
    if (message_source.empty() || message_source.front() != '/') return false;
    message_source.remove_prefix(1);
    const std::string_view theirs = message_source.substr(0, message_source.find('/'));
    if (!EqualsIgnoringCase(theirs, segment)) return false;
    message_source.remove_prefix(theirs.size());
  }
  return message_source.starts_with('/');
}

}  // namespace sluice::language
