// Reading JSON text in one pass without building anything: each value as the bytes it is written
// in.
//
// For what must be copied byte for byte (message lines, select, redact); conditions read bodies by
// simdjson. The grammar is RFC 8259's, strictly, at most kMaxDepth deep; what has been read has
// been checked, and the whole text has only after AtEnd() said so. That the bytes are UTF-8 is the
// caller's to check (IsUtf8). Allocates nothing.
//
//   if (!reader.BeginObject()) ...
//   while (reader.Next(&key)) { reader.ReadValue(&value); }   // or Begin… again, and its own loop
//   if (!reader.AtEnd()) ...                                   // reader.error() says why
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::json {

inline constexpr size_t kMaxDepth = 1024;

enum class Kind : uint8_t { kObject, kArray, kString, kNumber, kBoolean, kNull, kNone };

class Reader {
 public:
  // `text` must outlive the reader and every view it hands out.
  explicit Reader(std::string_view text) : at_(text.data()), start_(at_), end_(at_ + text.size()) {}

  // What the next value will be, by its first byte; kNone where no value can begin.
  Kind Peek();

  // Enter the value that comes next; false if it is none such. Its end is where Next() answers
  // false.
  bool BeginObject() { return Begin('{', true); }
  bool BeginArray() { return Begin('[', false); }

  // In an object or array that was begun: moves to the next value, which must then be read or
  // begun. In an object
  // `*key` becomes the raw name, without its quotes. False at the end, which is left, and after an
  // error.
  bool Next(std::string_view* key);

  // The next value whole: `*raw` is its text from its first to its last byte.
  bool ReadValue(std::string_view* raw);

  // Whether the text has been read whole, without an error.
  bool AtEnd();

  bool failed() const { return error_ != nullptr; }
  // What is wrong, and where: "unexpected character" at offset(). Null if nothing is.
  const char* error() const { return error_; }
  size_t offset() const { return static_cast<size_t>(at_ - start_); }

 private:
  void SkipSpace();
  bool Begin(char open, bool is_object);
  bool ReadScalar();
  bool ReadString();
  bool ReadNumber();
  bool ReadWord(std::string_view word);
  bool Fail(const char* error);

  const char* at_;
  const char* start_;
  const char* end_;
  const char* error_ = nullptr;
  size_t depth_ = 0;
  bool first_ = true;                 // no value of the innermost container has been read yet
  std::bitset<kMaxDepth> is_object_;  // of each container begun
};

// The inside of a raw string.
inline std::string_view WithoutQuotes(std::string_view raw_string) {
  return raw_string.substr(1, raw_string.size() - 2);
}

}  // namespace sluice::json
