// What a state is found by: device and topic of its stream, then values of `per`, as bytes.
//
//   key   = device-size:u32 topic-size:u32 device topic *value
//   value = kind:u8 / kind:u8 number-or-boolean / kind:u8 size:u32 (text / digest of a long one)
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "filters/language/value.h"
#include "filters/reduce/hash.h"

namespace sluice::reduce {

template <typename T>
void AppendPlain(T value, std::string* to) {
  to->append(reinterpret_cast<const char*>(&value), sizeof value);
}

// A member that is missing is null in one of the profiles.
inline bool IsUndefined(const language::Value& value) {
  return value.is_undefined() || (value.kind() == language::Value::Kind::kNull &&
                                  value.reason() == language::Reason::kMemberMissing);
}

struct StreamKey {
  std::string_view device;
  std::string_view topic;
};

struct StreamSizes {
  uint32_t device = 0;
  uint32_t topic = 0;
};

// The key of a stream without `per`.
inline void WriteKey(const StreamKey& stream, std::string* key) {
  const StreamSizes sizes{static_cast<uint32_t>(stream.device.size()),
                          static_cast<uint32_t>(stream.topic.size())};
  key->clear();
  AppendPlain(sizes, key);
  key->append(stream.device).append(stream.topic);
}

// Appends what no other value appends, and what no longer one begins with. `raw`: as it stands in
// the body, of objects and arrays.
void AppendKeyValue(const HashKey& hash_key, const language::Value& value, std::string_view raw,
                    std::string* key);

// Nothing if the bytes are no key, or its texts no UTF-8.
std::optional<StreamKey> ParseKey(std::string_view key);

}  // namespace sluice::reduce
