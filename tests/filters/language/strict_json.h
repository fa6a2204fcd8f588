// RFC 8259 once more, byte by byte and by recursion: the judge that BodyReader must agree with.
//
// Written from the grammar, for clarity alone; shares nothing with the code it judges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::language {

class StrictJson {
 public:
  enum class Verdict { kBad, kTooDeep, kSound };

  static Verdict Judge(std::string_view text, size_t max_depth) {
    StrictJson judge(text, max_depth);
    judge.Blank();
    const bool sound = judge.Value(0) && (judge.Blank(), judge.at_ == text.size());
    if (judge.too_deep_) return Verdict::kTooDeep;
    return sound ? Verdict::kSound : Verdict::kBad;
  }

 private:
  StrictJson(std::string_view text, size_t max_depth) : text_(text), max_depth_(max_depth) {}

  int Peek() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : -1; }
  bool Take(char c) { return Peek() == static_cast<unsigned char>(c) && ++at_ > 0; }
  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void Blank() {
    while (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r') ++at_;
  }

  bool Value(size_t depth) {
    switch (Peek()) {
      case '{':
        return Deeper(depth) && Object(depth + 1);
      case '[':
        return Deeper(depth) && Array(depth + 1);
      case '"':
        return String();
      case 't':
        return Word("true");
      case 'f':
        return Word("false");
      case 'n':
        return Word("null");
      default:
        return Number();
    }
  }

  bool Deeper(size_t depth) {
    too_deep_ = too_deep_ || depth == max_depth_;
    return !too_deep_;
  }

  bool Object(size_t depth) {
    Take('{');
    Blank();
    if (Take('}')) return true;
    do {
      Blank();
      if (!String()) return false;
      Blank();
      if (!Take(':')) return false;
      Blank();
      if (!Value(depth)) return false;
      Blank();
    } while (Take(','));
    return Take('}');
  }

  bool Array(size_t depth) {
    Take('[');
    Blank();
    if (Take(']')) return true;
    do {
      Blank();
      if (!Value(depth)) return false;
      Blank();
    } while (Take(','));
    return Take(']');
  }

  bool Digits() {
    if (Peek() < '0' || Peek() > '9') return false;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    return true;
  }

  bool Number() {
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      return Digits();
    }
    return true;
  }

  // The four digits of \uXXXX, or -1.
  int Quad() {
    int value = 0;
    for (int i = 0; i < 4; ++i) {
      const int c = Peek();
      int digit = c >= '0' && c <= '9'   ? c - '0'
                  : c >= 'a' && c <= 'f' ? c - 'a' + 10
                  : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                         : -1;
      if (digit < 0) return -1;
      value = value * 16 + digit;
      ++at_;
    }
    return value;
  }

  bool Escape() {
    if (Take('u')) {
      const int first = Quad();
      if (first < 0 || (first >= 0xDC00 && first < 0xE000)) return false;
      if (first < 0xD800 || first >= 0xE000) return true;
      if (!Word("\\u")) return false;
      const int second = Quad();
      return second >= 0xDC00 && second < 0xE000;
    }
    for (char c : std::string_view("\"\\/bfnrt")) {
      if (Take(c)) return true;
    }
    return false;
  }

  // One character beyond ASCII: the table of RFC 3629 section 4.
  bool Utf8() {
    struct {
      int first, last, low, high;
      int more;
    } constexpr kRows[] = {{0xC2, 0xDF, 0x80, 0xBF, 0}, {0xE0, 0xE0, 0xA0, 0xBF, 1},
                           {0xE1, 0xEC, 0x80, 0xBF, 1}, {0xED, 0xED, 0x80, 0x9F, 1},
                           {0xEE, 0xEF, 0x80, 0xBF, 1}, {0xF0, 0xF0, 0x90, 0xBF, 2},
                           {0xF1, 0xF3, 0x80, 0xBF, 2}, {0xF4, 0xF4, 0x80, 0x8F, 2}};
    for (const auto& row : kRows) {
      if (Peek() < row.first || Peek() > row.last) continue;
      ++at_;
      if (Peek() < row.low || Peek() > row.high) return false;
      ++at_;
      for (int i = 0; i < row.more; ++i, ++at_) {
        if (Peek() < 0x80 || Peek() > 0xBF) return false;
      }
      return true;
    }
    return false;
  }

  bool String() {
    if (!Take('"')) return false;
    while (!Take('"')) {
      if (Peek() < 0x20) return false;  // a control character, or the end
      if (Take('\\')) {
        if (!Escape()) return false;
      } else if (Peek() < 0x80) {
        ++at_;
      } else if (!Utf8()) {
        return false;
      }
    }
    return true;
  }

  const std::string_view text_;
  const size_t max_depth_;
  size_t at_ = 0;
  bool too_deep_ = false;
};

}  // namespace sluice::language
