// A file of message lines as traffic: who sends what, and when.
//
// Order is kept within a device. A line's `time` decides when it is due, counted from the file's
// first time and divided by the speed; a line without one is due with the line before it, and none
// before an earlier one of its device.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/simulate/message_source.h"

namespace sluice::simulate {

struct ReplayOptions {
  double speed = 1;            // 2: twice as fast as it happened; 0: as fast as the server takes it
  std::optional<uint8_t> qos;  // instead of each line's own
  std::optional<double> seconds;  // leave out what is due later
};

struct ScheduledPublish {
  int64_t due_us = 0;
  EncodedPublish publish;
};

struct ReplayedDevice {
  std::string name;
  std::vector<ScheduledPublish> messages;
};

struct Replay {
  std::vector<ReplayedDevice> devices;  // in the order of their first lines
  uint64_t lines = 0;                   // blank ones not counted
  uint64_t refused = 0;                 // lines that cannot be sent; a note each
  uint64_t malformed = 0;               // those of them that are no message lines
  uint64_t left_out = 0;                // due after `seconds`
  int64_t last_due_us = 0;
  // Why lines were refused, for a person: "line 106: its topic is …". At most kMaxNotes, then a
  // line that says so.
  std::vector<std::string> notes;
  // Members that MQTT has no place for, which the lines nevertheless carried.
  uint64_t untold = 0;
};
inline constexpr size_t kMaxNotes = 20;

// A line without a device goes out under this name.
inline constexpr std::string_view kUnnamedDevice = "replay";

// `text` is the whole file.
Replay ParseReplay(std::string_view text, const ReplayOptions& options);
absl::StatusOr<Replay> LoadReplay(const std::string& path, const ReplayOptions& options);

// The messages of one device.
class ReplaySource : public MessageSource {
 public:
  // `until_us`: nothing is due from then on, where the replay is not paced.
  ReplaySource(std::vector<ScheduledPublish> messages, bool paced, std::optional<int64_t> until_us)
      : messages_(std::move(messages)), paced_(paced), until_us_(until_us) {}

  std::optional<int64_t> NextDue(int64_t now_us) override;
  uint8_t NextQos() const override { return messages_[next_].publish.qos; }
  const EncodedPublish& Take() override { return messages_[next_++].publish; }
  bool paced() const override { return paced_; }
  uint64_t Left(int64_t) const override {
    return until_us_.has_value() ? 0 : messages_.size() - next_;
  }

 private:
  std::vector<ScheduledPublish> messages_;
  size_t next_ = 0;
  bool paced_;
  std::optional<int64_t> until_us_;
};

}  // namespace sluice::simulate
