#include "filters/language/body.h"

#include <algorithm>
#include <optional>

#include "filters/json/utf8.h"
#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

using Encoding = BodyFormat::Encoding;

// In which encoding the body is JSON; nothing where its format does not say that it is.
std::optional<Encoding> JsonEncoding(const BodyFormat& format, const BodyOptions& options) {
  std::optional<Encoding> of_undeclared;
  switch (format.type) {
    case BodyFormat::Type::kJson:
      break;
    case BodyFormat::Type::kJsonUtf8Charset:
      if (options.profile == Profile::kEdgeHub) return std::nullopt;
      of_undeclared = Encoding::kUtf8;
      break;
    case BodyFormat::Type::kUndeclared:
      if (!options.assume_json) return std::nullopt;
      of_undeclared = Encoding::kUtf8;
      break;
    case BodyFormat::Type::kOther:
      return std::nullopt;
  }
  if (format.encoding == Encoding::kUndeclared) return of_undeclared;
  if (format.encoding == Encoding::kOther) return std::nullopt;
  return format.encoding;
}

uint32_t LittleEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i)
    value = value << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return value;
}

constexpr bool IsSurrogate(uint32_t unit) { return unit >= 0xD800 && unit < 0xE000; }

// Both decoders fill `out`, which has room for 3 bytes a UTF-16 unit or 4 a UTF-32 one. They return
// the size, or nothing and the offset at which `in` is not what it should be.
std::optional<size_t> DecodeUtf16(std::string_view in, char* out, size_t* bad) {
  char* end = out;
  for (size_t at = 0; at < in.size();) {
    *bad = at;
    if (in.size() - at < 2) return std::nullopt;
    uint32_t unit = LittleEndian(in.substr(at, 2));
    at += 2;
    if (IsSurrogate(unit)) {
      if (unit >= 0xDC00 || in.size() - at < 2) return std::nullopt;
      const uint32_t low = LittleEndian(in.substr(at, 2));
      if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
      at += 2;
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    end += json::EncodeUtf8(unit, end);
  }
  return static_cast<size_t>(end - out);
}

std::optional<size_t> DecodeUtf32(std::string_view in, char* out, size_t* bad) {
  char* end = out;
  for (size_t at = 0; at < in.size(); at += 4) {
    *bad = at;
    if (in.size() - at < 4) return std::nullopt;
    const uint32_t code_point = LittleEndian(in.substr(at, 4));
    if (code_point > 0x10FFFF || IsSurrogate(code_point)) return std::nullopt;
    end += json::EncodeUtf8(code_point, end);
  }
  return static_cast<size_t>(end - out);
}

}  // namespace

BodyReader::BodyReader(const JsonPaths& paths, BodyOptions options)
    : reader_(paths), options_(options) {
  Reset();
}

void BodyReader::Reset() {
  state_ = State::kUnread;
  reader_.Clear(Reason::kBodyUnread);
}

BodyReader::State BodyReader::Read(const MessageView& message) {
  state_ = ReadAs(JsonEncoding(message.format, options_), message.payload);
  return state_;
}

BodyReader::State BodyReader::ReadAs(std::optional<Encoding> encoding, std::string_view payload) {
  error_offset_ = 0;
  if (!encoding) {
    reader_.Clear(Reason::kNotJsonType);
    return State::kNotJson;
  }
  std::string_view text = payload;
  if (*encoding != Encoding::kUtf8) {
    if (payload.size() > kMaxJsonBytes) {
      reader_.Clear(Reason::kBodyLimit);
      return State::kLimit;
    }
    const size_t room = payload.size() * 3 / 2 + 4;
    if (decoded_.size() < room) decoded_.resize(std::max(room, 2 * decoded_.size()));
    const std::optional<size_t> size = *encoding == Encoding::kUtf16
                                           ? DecodeUtf16(payload, decoded_.data(), &error_offset_)
                                           : DecodeUtf32(payload, decoded_.data(), &error_offset_);
    if (!size) {
      reader_.Clear(Reason::kBadJson);
      return State::kBad;
    }
    text = {decoded_.data(), *size};
  }
  const JsonReader::Verdict verdict = reader_.Read(text);
  error_offset_ = reader_.error_offset();
  switch (verdict) {
    case JsonReader::Verdict::kObject:
      return State::kObject;
    case JsonReader::Verdict::kNotObject:
      return State::kNotObject;
    case JsonReader::Verdict::kLimit:
      return State::kLimit;
    case JsonReader::Verdict::kBad:
      break;
  }
  return State::kBad;
}

}  // namespace sluice::language
