// The property bag of a telemetry topic (sheet, section 6):
//
//   bag  = pair *( "&" pair )
//   pair = enc(name) "=" enc(value)      ; a pair without "=" is a null value
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace sluice::devhub {

struct Property {
  std::string name;
  std::string value;
  bool is_null = false;

  friend bool operator==(const Property&, const Property&) = default;
};

// A message's properties, sorted by who reads them. System properties bear the names of conditions
// ("messageId", azure/routing-query.md section 7).
struct MessageProperties {
  std::vector<Property> application;
  std::vector<Property> system;
};

// Replaces *pairs by the bag's, in order. Names ignore case; of equal names the last value counts.
// Wrong percent escapes, text that is no UTF-8, empty names and separators out of place are errors:
// the hub closes.
absl::Status ParseBag(std::string_view bag, std::vector<Property>* pairs);

// The bag of a message to a client, in order. In this direction an empty value is `name=` and a
// null is `name` alone (section 8); `$` is encoded as official clients do.
std::string WriteBag(const std::vector<Property>& properties);

// Replaces *properties. What only the hub stamps is left out, so that no sender can forge it; a
// message id that breaks its rule is an error.
absl::Status SortProperties(std::vector<Property>&& pairs, MessageProperties* properties);

// What the hub meters of them: values of system properties, names and values of application
// properties.
size_t MeteredSize(const MessageProperties& properties);

}  // namespace sluice::devhub
