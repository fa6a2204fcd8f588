// Reads wanted members out of a JSON text in one pass that also validates all of it.
//
// The verdict does not depend on which members are wanted: RFC 8259 to the letter (UTF-8, escapes,
// numbers, nothing behind the document; lone surrogates in escapes and a byte order mark are
// refused). Of equal names, also where one is written with escapes, the last counts. Numbers are
// doubles: what is too large is infinity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/json_paths.h"
#include "filters/language/value.h"

namespace sluice::language {

inline constexpr size_t kMaxJsonDepth = 1024;       // arrays and objects open at once
inline constexpr size_t kMaxJsonBytes = 64u << 20;  // beyond any MQTT packet we take

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

  // Values view `text`, or memory of this reader until the next Read.
  Verdict Read(std::string_view text);

  const Value& value(JsonPaths::Slot slot) const { return values_[slot]; }
  // The member as it stands in the text, quotes included; empty where it is undefined.
  std::string_view raw(JsonPaths::Slot slot) const { return raws_[slot]; }

  // Every slot undefined for this reason: there was nothing to read.
  void Clear(Reason reason);

  // Of a text that was not kObject or kNotObject: about where, bytes from its start.
  size_t error_offset() const { return error_offset_; }

 private:
  struct Walk;
  struct Index;

  const JsonPaths& paths_;
  std::unique_ptr<Index> index_;
  std::vector<Value> values_;
  std::vector<std::string_view> raws_;
  std::unique_ptr<char[]> unescaped_;
  size_t unescaped_capacity_ = 0;
  size_t error_offset_ = 0;
};

}  // namespace sluice::language
