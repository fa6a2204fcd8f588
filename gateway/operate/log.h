// Structured logging for what a person must know: an event's name, a sentence, and who and why as
// fields.
//
// Not for a message's way: a line costs microseconds. Where a peer decides how often something
// happens, ask a LogLimiter first, so that junk is cheap and the log bounded. Thread-safe. Never
// pass secrets or payloads.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sluice::operate {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

struct LogField {
  std::string_view key;
  std::string_view value;
};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  bool json = false;  // one JSON object a line; else "TIME LEVEL event: message key=value"
};

// Before the first line; to stderr. Without it, text at level info.
void SetUpLog(const LogOptions& options);

// `event` is a stable name in snake_case ("connection_refused"). Control characters and what is no
// UTF-8 in a value are escaped: a device cannot forge lines. Values over 256 bytes are cut.
void Log(LogLevel level, std::string_view event, std::string_view message,
         std::initializer_list<LogField> fields = {});

// A token bucket for one kind of line, owned by one thread: `burst` lines at once, then
// `per_second`. The first line that passes after some were held back should say how many:
// TakeSuppressed().
class LogLimiter {
 public:
  explicit LogLimiter(double per_second = 5, double burst = 20)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  // `now_us`: any clock; one that is set back gives nothing for that moment.
  bool Admit(int64_t now_us) {
    if (now_us > last_us_) {
      tokens_ += static_cast<double>(now_us - last_us_) * 1e-6 * per_second_;
      if (tokens_ > burst_) tokens_ = burst_;
    }
    last_us_ = now_us;
    if (tokens_ < 1) {
      ++suppressed_;
      return false;
    }
    tokens_ -= 1;
    return true;
  }
  uint64_t TakeSuppressed() {
    const uint64_t n = suppressed_;
    suppressed_ = 0;
    return n;
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  int64_t last_us_ = 0;
  uint64_t suppressed_ = 0;
};

}  // namespace sluice::operate
