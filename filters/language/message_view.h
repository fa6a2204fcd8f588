// One message as every stage sees it: views, alive for one dispatch.
//
// Whoever keeps a message copies it, once, into the record it leaves in. The payload has
// kPayloadSlack readable bytes behind its end (their value does not matter), so that simdjson reads
// it where it lies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::language {

inline constexpr size_t kPayloadSlack = 64;  // at least simdjson::SIMDJSON_PADDING

// An application or system property. `is_null`: a bare key on the wire, which has no value at all
// (azure/routing-query.md section 4).
struct PropertyView {
  std::string_view name;
  std::string_view value;
  bool is_null = false;
};

// What content type and content encoding say about how a body may be read, parsed once a message.
struct BodyFormat {
  enum class Type : uint8_t {
    kUndeclared,       // no content type: assume_json may act
    kJson,             // application/json, any case
    kJsonUtf8Charset,  // application/json;charset=utf-8: enough by itself for IoT Hub, not for
                       // edgeHub
    kOther,
  };
  enum class Encoding : uint8_t { kUndeclared, kUtf8, kUtf16, kUtf32, kOther };

  Type type = Type::kUndeclared;
  Encoding encoding = Encoding::kUndeclared;
};

// Never fails: what is not known is kOther. An absent property is an empty view whose data() is
// null; a present, empty one is kOther.
BodyFormat ParseBodyFormat(std::string_view content_type, std::string_view content_encoding);

struct MessageView {
  std::string_view device;  // the identity from the certificate
  std::string_view topic;   // UTF-8, valid for PUBLISH, without an Azure property bag
  std::string_view payload;

  // As the sender declared them; data() is null where it did not.
  std::string_view content_type;
  std::string_view content_encoding;
  BodyFormat format;

  // Of equal names, ignoring case, the last one counts.
  std::span<const PropertyView> properties;
  // Named as in conditions, without the dollar ("messageId"). contentType, contentEncoding,
  // connectionDeviceId and enqueuedTime need not stand here: they follow from the members above.
  std::span<const PropertyView> system_properties;

  std::string_view twin;  // JSON of the sender's twin, or empty; no slack needed
  int64_t time_us = 0;    // of arrival, microseconds since 1970
  uint8_t qos = 0;
};

}  // namespace sluice::language
