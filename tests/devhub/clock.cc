#include "tests/devhub/clock.h"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace sluice::devhub {
namespace {

template <typename ClockType>
int64_t Micros() {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  return duration_cast<microseconds>(ClockType::now().time_since_epoch()).count();
}

}  // namespace

int64_t SystemClock::UnixMicros() const { return Micros<std::chrono::system_clock>(); }
int64_t SystemClock::SteadyMicros() const { return Micros<std::chrono::steady_clock>(); }

UtcText FormatUtc(int64_t unix_us) {
  const std::time_t seconds = unix_us / 1'000'000;
  std::tm utc = {};
  gmtime_r(&seconds, &utc);
  UtcText text = {};
  std::strftime(text.text, sizeof(text.text), "%Y-%m-%dT%H:%M:%S.000Z", &utc);
  const auto millis = static_cast<int>(unix_us / 1000 % 1000);
  text.text[20] = static_cast<char>('0' + millis / 100);
  text.text[21] = static_cast<char>('0' + millis / 10 % 10);
  text.text[22] = static_cast<char>('0' + millis % 10);
  return text;
}

}  // namespace sluice::devhub
