// A message line: one message as one JSON object, as filter, eval, explain, bench and `simulate
// --replay` read it.
//
//   {"device":"press-03","topic":"plant/line2/press-03/telemetry","payload":{"temperature":81.5},"qos":1,
//    "time":"2026-03-10T09:45:00Z"}
//
// Members: device, topic, payload or payloadBase64, contentType, contentEncoding, properties,
// systemProperties, twin, qos, time; only topic and a payload are required, and null stands for an
// absent one (not for payload). A string `payload` is the payload's text itself; any other value is
// its JSON text, byte for byte. Members of other names are passed over, so that lines which sluice
// wrote (file outputs, devhub) can be read again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "filters/language/message_view.h"

namespace sluice::lines {

// One message read from a line. Made to be reused for line after line: its buffers only grow, so
// that reading allocates nothing once they have.
class OwnedMessage {
 public:
  OwnedMessage() = default;
  OwnedMessage(OwnedMessage&&) = default;
  OwnedMessage& operator=(OwnedMessage&&) = default;

  // The payload has kPayloadSlack bytes behind it. Time is 0 where the line has none. Valid until
  // the next line is read into this object or it is gone; survives a move.
  const language::MessageView& View() const { return view_; }

  bool has_time() const { return has_time_; }
  // The value of the member `payload` or `payloadBase64` as it stands in the line, quotes included.
  std::string_view payload_member() const { return payload_member_; }
  bool payload_is_base64() const { return payload_is_base64_; }

 private:
  friend class LineParser;

  std::vector<char> buffer_;  // the line, then what had to be unescaped or decoded, then slack
  std::vector<language::PropertyView> properties_;
  std::vector<language::PropertyView> system_properties_;
  language::MessageView view_;
  std::string_view payload_member_;
  bool payload_is_base64_ = false;
  bool has_time_ = false;
};

// Reads a line (white space around it and its line end are passed over). An error says what is
// wrong with it, for a person; `*message` then holds nothing of use.
absl::Status ParseMessageLine(std::string_view line, OwnedMessage* message);

}  // namespace sluice::lines
