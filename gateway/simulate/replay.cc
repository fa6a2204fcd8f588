#include "gateway/simulate/replay.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <unordered_map>

#include "absl/status/status.h"
#include "gateway/lines/message_line.h"
#include "gateway/mqtt/topic.h"
#include "gateway/tls/identity.h"

namespace sluice::simulate {
namespace {

class Builder {
 public:
  Builder(const ReplayOptions& options, Replay& replay) : options_(options), replay_(replay) {}

  void AddLine(std::string_view line, uint64_t number) {
    ++replay_.lines;
    if (absl::Status status = lines::ParseMessageLine(line, &message_); !status.ok()) {
      ++replay_.malformed;
      return Refuse(number, std::string(status.message()));
    }
    const language::MessageView& view = message_.View();
    const std::string device(view.device.empty() ? kUnnamedDevice : view.device);
    if (const tls::IdentityFault fault = tls::CheckIdentity(device);
        fault != tls::IdentityFault::kNone) {
      return Refuse(number, fmt::format("its device is no identity: it {}", tls::Describe(fault)));
    }
    ScheduledPublish scheduled;
    if (!Encode(OutgoingOf(view), &scheduled.publish)) return Refuse(number, WhyNot(view));
    if (CarriesMore(view)) ++replay_.untold;
    Schedule(device, std::move(scheduled));
  }

 private:
  Outgoing OutgoingOf(const language::MessageView& view) const {
    Outgoing outgoing;
    outgoing.topic = view.topic;
    outgoing.payload = view.payload;
    outgoing.content_type = view.content_type;
    outgoing.is_utf8 = view.format.encoding == language::BodyFormat::Encoding::kUtf8;
    outgoing.properties = view.properties;
    outgoing.qos = options_.qos.value_or(view.qos);
    return outgoing;
  }

  static std::string WhyNot(const language::MessageView& view) {
    if (!mqtt::ValidTopicName(view.topic)) return "MQTT forbids to publish to its topic";
    return "MQTT cannot carry it: its content type or a property is no text of at most 65,535 "
           "bytes, or it is too large";
  }

  // MQTT 5 has no content encoding but the payload format indicator, and neither twins nor the
  // hub's system properties.
  static bool CarriesMore(const language::MessageView& view) {
    const bool other_encoding = view.content_encoding.data() != nullptr &&
                                view.format.encoding != language::BodyFormat::Encoding::kUtf8;
    return other_encoding || !view.twin.empty() || !view.system_properties.empty();
  }

  void Refuse(uint64_t number, const std::string& why) {
    ++replay_.refused;
    if (replay_.notes.size() < kMaxNotes)
      replay_.notes.push_back(fmt::format("line {}: not sent: {}", number, why));
    if (replay_.refused == kMaxNotes + 1)
      replay_.notes.push_back("further lines were not sent either");
  }

  void Schedule(const std::string& name, ScheduledPublish scheduled) {
    const auto [found, is_new] = index_.try_emplace(name, replay_.devices.size());
    if (is_new) replay_.devices.push_back({name, {}});
    std::vector<ScheduledPublish>& messages = replay_.devices[found->second].messages;
    scheduled.due_us = std::max(DueByTime(), messages.empty() ? 0 : messages.back().due_us);
    if (options_.speed > 0 && options_.seconds.has_value() &&
        static_cast<double>(scheduled.due_us) >= *options_.seconds * 1e6) {
      ++replay_.left_out;
      return;
    }
    replay_.last_due_us = std::max(replay_.last_due_us, scheduled.due_us);
    messages.push_back(std::move(scheduled));
  }

  int64_t DueByTime() {
    if (options_.speed <= 0) return 0;
    if (!message_.has_time()) return last_due_us_;
    const int64_t time_us = message_.View().time_us;
    if (!first_time_us_.has_value()) first_time_us_ = time_us;
    last_due_us_ = std::max<int64_t>(
        0, static_cast<int64_t>(static_cast<double>(time_us - *first_time_us_) / options_.speed));
    return last_due_us_;
  }

  const ReplayOptions& options_;
  Replay& replay_;
  lines::OwnedMessage message_;
  std::unordered_map<std::string, size_t> index_;
  std::optional<int64_t> first_time_us_;
  int64_t last_due_us_ = 0;
};

}  // namespace

Replay ParseReplay(std::string_view text, const ReplayOptions& options) {
  Replay replay;
  Builder builder(options, replay);
  for (uint64_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) builder.AddLine(line, number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return replay;
}

absl::StatusOr<Replay> LoadReplay(const std::string& path, const ReplayOptions& options) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, size_t{64} * 1024> chunk;
  do {
    file.read(chunk.data(), chunk.size());
    text.append(chunk.data(), static_cast<size_t>(file.gcount()));
  } while (file);
  if (!file.eof()) return absl::NotFoundError(fmt::format("{}: cannot be read", path));
  return ParseReplay(text, options);
}

std::optional<int64_t> ReplaySource::NextDue(int64_t now_us) {
  if (next_ == messages_.size() || (until_us_.has_value() && now_us >= *until_us_))
    return std::nullopt;
  return messages_[next_].due_us;
}

}  // namespace sluice::simulate
