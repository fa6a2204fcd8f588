#include "gateway/pipeline/pipeline_log.h"

#include <string>

namespace sluice::pipeline {

using operate::LogLevel;

void PipelineLog::Write(operate::LogLimiter& limiter, const Sender& sender, const Line& line) {
  if (!limiter.Admit(sender.time_us)) return;
  const std::string suppressed = std::to_string(limiter.TakeSuppressed());
  operate::Log(line.level, line.event, line.message,
               {{"identity", sender.identity},
                {"topic", sender.topic},
                {line.key, line.value},
                {"suppressed", suppressed}});
}

void PipelineLog::Forged(const Sender& sender, uint64_t properties) {
  const std::string count = std::to_string(properties);
  Write(
      forged_, sender,
      {LogLevel::kWarning, "properties_removed",
       "a device sent properties that are the hub's or the gateway's own (origin-…, iothub-…, $.…)",
       "count", count});
}

void PipelineLog::BodyError(const Sender& sender, std::string_view rule) {
  Write(body_, sender,
        {LogLevel::kInfo, "body_unreadable",
         "a rule needed a JSON body and this is none; declare its content type, or narrow the "
         "rule's from",
         "rule", rule});
}

void PipelineLog::ClockSetBack(int64_t now_us, int64_t by_us) {
  if (!clock_.Admit(now_us)) return;
  operate::Log(LogLevel::kWarning, "clock_set_back",
               "reducers go on from the new time: what they know keeps its age, and windows may "
               "come twice",
               {{"seconds", std::to_string(by_us / 1'000'000)},
                {"suppressed", std::to_string(clock_.TakeSuppressed())}});
}

void PipelineLog::NoRoom(const Sender& sender, std::string_view output) {
  Write(
      room_, sender,
      {LogLevel::kWarning, "message_dropped",
       "an output had no room for a QoS 0 message; devices that must not lose any publish at QoS 1",
       "output", output});
}

}  // namespace sluice::pipeline
