// A stored message as a line of DIR/messages.jsonl.
//
// The body's exact bytes can be had back from every line:
//   "payload": any value but a string    the body is that JSON, byte for byte as it stands in the
//   line "payload": a string                  the body is the string's text "payloadBase64" the
//   body is no UTF-8
// JSON is embedded when the content type says JSON and the body is one JSON value other than a
// string, without line breaks and without white space around it; all other UTF-8 travels as text,
// JSON strings with their quotes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/devhub/identity.h"
#include "tests/devhub/property_bag.h"

namespace sluice::devhub {

// What the hub itself adds to a message (section 6); a sender cannot forge it.
struct Stamp {
  Identity identity;
  std::string auth_method;  // JSON text, connectionAuthMethod
  std::string model_id;     // dt-dataschema; empty: none was announced
};

// Appends the line with its newline.
void AppendMessageLine(const Stamp& stamp, const MessageProperties& properties,
                       std::string_view payload, std::string_view enqueued_time, uint64_t blocks,
                       std::string* out);

}  // namespace sluice::devhub
