// Which byte strings MQTT accepts as text.
#pragma once

#include <string_view>

namespace sluice::mqtt {

// A "UTF-8 Encoded String" (section 1.5.4): well-formed, which excludes surrogates [MQTT-1.5.4-1],
// and without U+0000 [MQTT-1.5.4-2]. Control and non-characters are allowed, as the specification
// leaves it open.
bool ValidText(std::string_view text);

// Well-formed UTF-8; U+0000 is allowed. What payload format indicator 1 promises of a payload
// (section 3.3.2.3.2).
bool ValidUtf8(std::string_view bytes);

}  // namespace sluice::mqtt
