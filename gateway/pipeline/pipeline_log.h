// What a pipeline tells a person about messages that went nowhere: who, why, what to do, at a
// bounded rate.
//
// One worker's. Each kind of line has a bucket of its own, so that one noisy device hides no other
// trouble.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/operate/log.h"

namespace sluice::pipeline {

class PipelineLog {
 public:
  // Whose message, where it was published, and when.
  struct Sender {
    std::string_view identity;
    std::string_view topic;
    int64_t time_us = 0;
  };

  void Forged(const Sender& sender, uint64_t properties);
  void BodyError(const Sender& sender, std::string_view rule);
  void ClockSetBack(int64_t now_us, int64_t by_us);
  void NoRoom(const Sender& sender, std::string_view output);

 private:
  // A line of one kind, with one more field.
  struct Line {
    operate::LogLevel level;
    std::string_view event;
    std::string_view message;
    std::string_view key;
    std::string_view value;
  };
  static void Write(operate::LogLimiter& limiter, const Sender& sender, const Line& line);

  operate::LogLimiter forged_{1, 10};
  operate::LogLimiter body_{1, 10};
  operate::LogLimiter room_{1, 10};
  operate::LogLimiter clock_{0.1, 3};
};

}  // namespace sluice::pipeline
