// The body of a message as conditions see it: whether it may be read, whether it is sound, the
// members wanted.
//
// Read once a message, before conditions that read $body are judged; the values view the payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "filters/language/json_paths.h"
#include "filters/language/json_reader.h"
#include "filters/language/message_view.h"
#include "filters/language/profile.h"
#include "filters/language/value.h"

namespace sluice::language {

struct BodyOptions {
  Profile profile = Profile::kDefault;
  bool assume_json = false;  // a body without any content type is taken for JSON in UTF-8
};

// For one thread; nothing is allocated but to grow.
class BodyReader {
 public:
  enum class State : uint8_t {
    kUnread,     // nobody asked
    kNotJson,    // by its content type or encoding: no error
    kBad,        // declared (or assumed) JSON, and is not: an error of the rules that needed it
    kLimit,      // declared JSON that passed a limit: an error, too
    kNotObject,  // sound JSON, nothing to refer to: no error
    kObject,
  };

  // `paths` outlives the reader and does not change.
  BodyReader(const JsonPaths& paths, BodyOptions options);

  // Forgets the last message; every slot is undefined until Read.
  void Reset();
  State Read(const MessageView& message);

  State state() const { return state_; }
  bool is_error() const { return state_ == State::kBad || state_ == State::kLimit; }
  // Where is_error(): about where, in bytes from the start of the body (of its UTF-8, if it is
  // UTF-16 or UTF-32).
  size_t error_offset() const { return error_offset_; }

  const Value& value(JsonPaths::Slot slot) const { return reader_.value(slot); }
  // The member's own text (UTF-8), quotes included.
  std::string_view raw(JsonPaths::Slot slot) const { return reader_.raw(slot); }

 private:
  State ReadAs(std::optional<BodyFormat::Encoding> encoding, std::string_view payload);

  JsonReader reader_;
  BodyOptions options_;
  State state_ = State::kUnread;
  size_t error_offset_ = 0;
  std::string decoded_;  // UTF-16 and UTF-32 as UTF-8
};

}  // namespace sluice::language
