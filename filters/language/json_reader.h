// Reads wanted members out of a JSON text in one pass that also validates all of it.
//
// The verdict does not depend on which members are wanted: RFC 8259 to the letter (UTF-8, escapes,
// numbers, nothing behind the document; half surrogate pairs in escapes and a byte order mark are
// refused). Of equal names, also where one is written with escapes, the last counts. Numbers are
// doubles: what is too large is infinity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/json_index.h"
#include "filters/language/json_paths.h"
#include "filters/language/value.h"

namespace sluice::language {

inline constexpr size_t kMaxJsonDepth = 1024;       // arrays and objects open at once
inline constexpr size_t kMaxJsonBytes = 16u << 20;  // far beyond what IoT Hub takes

// For one thread. Allocates only to grow: for a text longer than any before.
class JsonReader {
 public:
  enum class Verdict : uint8_t {
    kObject,     // sound, an object at its top: the slots are filled
    kNotObject,  // sound, something else at its top: every slot is undefined
    kBad,
    kLimit,  // too deep or too large: not judged to its end
  };

  // `paths` outlives the reader and does not change.
  explicit JsonReader(const JsonPaths& paths);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // Values view `text`, or memory of this reader until the next Read. Needs no slack behind the
  // text.
  Verdict Read(std::string_view text);

  // A slot whose member is missing is undefined for that reason; all are, for their own, where
  // nothing was read.
  const Value& value(JsonPaths::Slot slot) const { return filled_ ? values_[slot] : nothing_; }
  // The member as it stands in the text, quotes and braces included; empty where it is missing.
  std::string_view raw(JsonPaths::Slot slot) const {
    return filled_ ? raws_[slot] : std::string_view();
  }

  // Every slot undefined for this reason: there was nothing to read.
  void Clear(Reason reason);

  // Of a text that was kBad or kLimit: about where, bytes from its start.
  size_t error_offset() const { return error_offset_; }

 private:
  friend class JsonWalk;

  // An array or object that is open. `node` is its place among the paths, kNone where no path
  // leads.
  struct Frame {
    uint32_t node;
    uint32_t next_element;  // of an array: the node of the next element that a path leads to
    uint32_t element;       // and which element comes now
    uint32_t start;         // offset of its bracket
    bool is_object;
  };

  std::string_view Closed(std::string_view text);
  void Forget(uint32_t node);

  const JsonPaths& paths_;
  JsonIndex index_;
  std::vector<Value> values_;  // by slot
  std::vector<std::string_view> raws_;
  std::vector<uint32_t> visited_;     // nodes met in this document, in order
  std::vector<uint32_t> visited_at_;  // by node: its place in visited_, or kNone
  std::unique_ptr<Frame[]> frames_;   // kMaxJsonDepth
  std::unique_ptr<char[]> unescaped_;
  size_t unescaped_capacity_ = 0;
  std::string unclosed_;
  size_t error_offset_ = 0;
  Value nothing_;
  bool filled_ = false;
};

}  // namespace sluice::language
