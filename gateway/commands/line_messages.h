// Message lines as rules see them: what filter, explain, diff and bench have in common.
//
// Properties that a device may not send are gone, as in the gateway; time never goes back, and a
// line without one has the last one's (the first: 0).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "filters/language/message_view.h"
#include "gateway/lines/message_line.h"
#include "gateway/pipeline/device_properties.h"

namespace sluice::commands {

inline constexpr std::string_view kStandardInput = "-";

bool IsBlankLine(std::string_view line);

// One message after the other.
class LineMessages {
 public:
  // An error says, for a person, why the line is no message.
  absl::Status Parse(std::string_view line);

  // Of the last line parsed; lives until the next.
  const language::MessageView& view() const { return view_; }
  const lines::OwnedMessage& owned() const { return owned_; }
  // Whether MQTT lets a device publish to its topic; rules never see messages to others.
  bool topic_is_valid() const { return topic_is_valid_; }

 private:
  lines::OwnedMessage owned_;
  pipeline::DeviceProperties properties_;
  language::MessageView view_;
  int64_t now_us_ = 0;
  bool had_time_ = false;
  bool topic_is_valid_ = false;
};

// Calls `take(line, number)` for every line of a file (or kStandardInput) that is not blank;
// numbers count from 1. False if it cannot be read: why is on stderr.
bool ForEachLine(const std::string& path,
                 const std::function<void(std::string_view line, uint64_t number)>& take);

}  // namespace sluice::commands
