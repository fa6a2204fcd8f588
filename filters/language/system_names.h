// The system properties a condition may name, and where a message has them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "filters/language/message_view.h"
#include "filters/language/profile.h"
#include "filters/language/value.h"

namespace sluice::language {

class TextScratch;

struct SystemName {
  // What a message has although nobody wrote it among its system properties.
  enum class Derived : uint8_t {
    kNone,
    kContentType,
    kContentEncoding,
    kDeviceId,
    kEnqueuedTime,
    kOrigin
  };

  std::string_view name;   // without the dollar; compared ignoring case
  std::string_view alias;  // under which a message may carry it, too
  bool in_default;
  bool in_edgehub;
  Derived derived = Derived::kNone;
};

// Null where the hub of this dialect has none of this name.
const SystemName* FindSystemName(std::string_view name, Profile profile);
std::span<const SystemName> AllSystemNames();

// The last application (system) property of this name, ignoring case; null where there is none.
const PropertyView* FindProperty(std::span<const PropertyView> properties, std::string_view name);

// Undefined where the message has none. `known` is FindSystemName's, or null.
Value SystemProperty(const MessageView& message, std::string_view name, const SystemName* known,
                     TextScratch* scratch);

}  // namespace sluice::language
