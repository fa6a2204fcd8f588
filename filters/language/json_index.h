// Where the tokens of a JSON text begin: simdjson's first stage, alone.
//
// It has also proved the text to be UTF-8, every string to be closed, and no string to hold a bare
// control character. What stands between two tokens is white space. The reader's walk over the
// index is what simdjson's on-demand front end does, plus the validation that it leaves out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace sluice::language {

// For one thread. Allocates only for a text longer than any before.
class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();
  JsonIndex(const JsonIndex&) = delete;
  JsonIndex& operator=(const JsonIndex&) = delete;

  // False where the text is no JSON for one of the reasons above, or is blank. Needs no slack
  // behind the text.
  bool Build(std::string_view text);

  // About where a text that Build() refused is wrong: bad UTF-8, a control character in a string,
  // an open string.
  static size_t ErrorOffset(std::string_view text);

  // Offsets of `{ } [ ] : ,`, of the opening quotes of strings, and of the first byte of anything
  // else. Behind the last one stands the size of the text.
  std::span<const uint32_t> offsets() const { return offsets_; }

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> implementation_;
  std::span<const uint32_t> offsets_;
  size_t capacity_ = 0;
};

}  // namespace sluice::language
