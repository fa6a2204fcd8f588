#include "filters/reduce/stream_key.h"

#include "filters/json/utf8.h"

namespace sluice::reduce {

using language::Value;

namespace {

constexpr size_t kMaxKeyText = 64;  // longer texts stand as digests

}  // namespace

void AppendKeyValue(const HashKey& hash_key, const Value& value, std::string_view raw,
                    std::string* key) {
  const Value::Kind kind = IsUndefined(value) ? Value::Kind::kUndefined : value.kind();
  key->push_back(static_cast<char>(kind));
  std::string_view text = raw;
  switch (kind) {
    case Value::Kind::kBool:
      return key->push_back(value.bool_value() ? 1 : 0);
    case Value::Kind::kNumber:
      return AppendPlain(value.number() == 0 ? 0.0 : value.number(), key);  // -0 is 0
    case Value::Kind::kString:
      text = value.string();
      break;
    case Value::Kind::kObject:
    case Value::Kind::kArray:
      break;
    default:
      return;
  }
  AppendPlain(static_cast<uint32_t>(text.size()), key);
  if (text.size() <= kMaxKeyText) {
    key->append(text);
  } else {
    AppendPlain(DigestOf(hash_key, text), key);
  }
}

std::optional<StreamKey> ParseKey(std::string_view key) {
  StreamSizes sizes;
  if (key.size() < sizeof sizes) return std::nullopt;
  std::memcpy(&sizes, key.data(), sizeof sizes);
  key.remove_prefix(sizeof sizes);
  if (uint64_t{sizes.device} + sizes.topic > key.size()) return std::nullopt;
  const StreamKey stream{key.substr(0, sizes.device), key.substr(sizes.device, sizes.topic)};
  if (!json::IsUtf8(stream.device) || !json::IsUtf8(stream.topic)) return std::nullopt;
  return stream;
}

}  // namespace sluice::reduce
