#include "filters/json/reader.h"

#include "filters/json/scan.h"

namespace sluice::json {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

}  // namespace

bool Reader::Fail(const char* error) {
  if (error_ == nullptr) error_ = at_ == end_ ? "unexpected end" : error;
  return false;
}

void Reader::SkipSpace() {
  while (at_ != end_ && IsSpace(*at_)) ++at_;
}

Kind Reader::Peek() {
  SkipSpace();
  if (failed() || at_ == end_) return Kind::kNone;
  switch (*at_) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
    case 'f':
      return Kind::kBoolean;
    case 'n':
      return Kind::kNull;
    default:
      return *at_ == '-' || IsDigit(*at_) ? Kind::kNumber : Kind::kNone;
  }
}

bool Reader::Begin(char open, bool is_object) {
  SkipSpace();
  if (failed()) return false;
  if (at_ == end_ || *at_ != open)
    return Fail(is_object ? "expected an object" : "expected an array");
  if (depth_ == kMaxDepth) return Fail("nested too deeply");
  ++at_;
  is_object_[depth_++] = is_object;
  first_ = true;
  return true;
}

bool Reader::Next(std::string_view* key) {
  SkipSpace();
  if (failed() || at_ == end_) return Fail("unexpected end");
  const bool in_object = is_object_[depth_ - 1];
  if (*at_ == (in_object ? '}' : ']')) {
    ++at_;
    --depth_;
    first_ = false;
    return false;
  }
  if (!first_) {
    if (*at_ != ',') return Fail("expected a comma or the end of the container");
    ++at_;
    SkipSpace();
  }
  first_ = false;
  if (!in_object) return true;
  const char* const start = at_;
  if (at_ == end_ || *at_ != '"') return Fail("expected a name in quotes");
  if (!ReadString()) return false;
  *key = WithoutQuotes({start, static_cast<size_t>(at_ - start)});
  SkipSpace();
  if (at_ == end_ || *at_ != ':') return Fail("expected a colon");
  ++at_;
  return true;
}

bool Reader::ReadValue(std::string_view* raw) {
  SkipSpace();
  const char* const start = at_;
  const size_t outside = depth_;
  std::string_view key;
  do {
    // At a value; afterwards at the next one, or where a container ended.
    const Kind kind = Peek();
    if (kind == Kind::kObject || kind == Kind::kArray) {
      if (!Begin(*at_, kind == Kind::kObject)) return false;
    } else if (!ReadScalar()) {
      return false;
    }
    while (depth_ > outside && !Next(&key)) {
      if (failed()) return false;
    }
  } while (depth_ > outside);
  *raw = {start, static_cast<size_t>(at_ - start)};
  return true;
}

bool Reader::ReadScalar() {
  switch (Peek()) {
    case Kind::kString:
      return ReadString();
    case Kind::kNumber:
      return ReadNumber();
    case Kind::kBoolean:
      return ReadWord(*at_ == 't' ? "true" : "false");
    case Kind::kNull:
      return ReadWord("null");
    default:
      return Fail("expected a value");
  }
}

bool Reader::ReadString() {
  ++at_;
  while (true) {
    at_ = FindSpecial(at_, end_);
    if (at_ == end_) return Fail("unexpected end");
    if (*at_ == '"') break;
    if (*at_ != '\\') return Fail("control character in a string");
    ++at_;
    if (at_ == end_) return Fail("unexpected end");
    if (*at_ == 'u') {
      for (int i = 0; i < 4; ++i) {
        ++at_;
        if (at_ == end_ || !IsHexDigit(*at_)) return Fail("expected four hexadecimal digits");
      }
    } else if (std::string_view("\"\\/bfnrt").find(*at_) == std::string_view::npos) {
      return Fail("unknown escape");
    }
    ++at_;
  }
  ++at_;
  return true;
}

bool Reader::ReadNumber() {
  if (!SkipNumber(&at_, end_)) return Fail("expected a digit");
  // What follows a number is checked by whoever reads on: only a comma, a closing bracket or the
  // end are accepted.
  return true;
}

bool Reader::ReadWord(std::string_view word) {
  if (std::string_view(at_, static_cast<size_t>(end_ - at_)).substr(0, word.size()) != word) {
    return Fail("expected a value");
  }
  at_ += word.size();
  return true;
}

bool Reader::AtEnd() {
  if (failed()) return false;
  SkipSpace();
  if (at_ != end_) return Fail("unexpected character after the value");
  return true;
}

}  // namespace sluice::json
