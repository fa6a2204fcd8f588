// The property bag at the end of an IoT Hub topic: name=value pairs, percent-encoded, joined by
// '&'.
//
// Encoding is exact (every byte outside A-Za-z0-9-_.~ becomes %XX, upper case); decoding is
// tolerant as the hub is: order is free, a pair without '=' is a null value, a trailing '/' is
// ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/credentials/text.h"

namespace sluice::uplink {

using credentials::AppendPercentEncoded;
using credentials::EqualsIgnoringCase;
using credentials::PercentDecode;

// Builds a bag and counts what the hub meters of it.
class PropertyBag {
 public:
  // `key` is a system property's key as on the wire: "$.ct". Its value alone is metered.
  void AddSystem(std::string_view key, std::string_view value);
  void AddApplication(std::string_view name, std::string_view value);
  void AddNull(std::string_view name);
  void Clear();

  const std::string& text() const { return text_; }
  uint64_t metered_bytes() const { return metered_bytes_; }

 private:
  void AddPair(std::string_view name, std::string_view value);

  std::string text_;
  uint64_t metered_bytes_ = 0;
};

struct BagEntry {
  std::string name;  // decoded: "$.ct" for %24.ct
  std::string value;
  bool is_null = false;
};

// Nothing where an escape is broken or a name is empty.
std::optional<std::vector<BagEntry>> DecodePropertyBag(std::string_view bag);

// The key on the wire ("$.cid") of a system property that a sender may set, by its name in
// conditions
// ("correlationId"); empty for any other name.
std::string_view SystemPropertyKey(std::string_view name);

}  // namespace sluice::uplink
