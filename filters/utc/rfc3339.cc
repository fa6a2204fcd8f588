#include "filters/utc/rfc3339.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace sluice::utc {
namespace {

constexpr int64_t kMicros = 1'000'000;
constexpr int64_t kSecondsADay = 86'400;

// Takes from the front of a text; once something did not fit, everything after fails too.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  // A number of exactly `digits` digits from `min` to `max`.
  int Number(size_t digits, int min, int max) {
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (i >= text_.size() || text_[i] < '0' || text_[i] > '9') return Fail();
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return value < min || value > max ? Fail() : value;
  }

  // One of the characters of `set`; 0 if the next is none.
  char Take(std::string_view set) {
    if (text_.empty() || set.find(text_.front()) == set.npos) return 0;
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

  void Need(std::string_view set) {
    if (Take(set) == 0) Fail();
  }

  // ".123456789", or nothing: microseconds.
  int64_t Fraction() {
    if (Take(".") == 0) return 0;
    int64_t nanos = 0;
    size_t digits = 0;
    while (const char digit = Take("0123456789")) {
      nanos = nanos * 10 + (digit - '0');
      if (++digits > 9) return Fail();
    }
    if (digits == 0) return Fail();
    for (; digits < 9; ++digits) nanos *= 10;
    return nanos / 1000;
  }

  // "Z" or "+05:45": seconds east of UTC.
  int64_t Offset() {
    if (Take("Zz") != 0) return 0;
    const char sign = Take("+-");
    if (sign == 0) return Fail();
    const int hours = Number(2, 0, 23);
    Need(":");
    const int minutes = Number(2, 0, 59);
    const int64_t seconds = int64_t{hours} * 3600 + int64_t{minutes} * 60;
    return sign == '-' ? -seconds : seconds;
  }

  bool DoneWell() const { return !failed_ && text_.empty(); }

 private:
  int Fail() {
    failed_ = true;
    return 0;
  }

  std::string_view text_;
  bool failed_ = false;
};

// The last `digits` digits of `value`; the byte behind them.
char* WriteDigits(int64_t value, size_t digits, char* out) {
  for (size_t i = digits; i-- > 0; value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + digits;
}

// "2026-03-10T09:45:00"; the byte behind it.
constexpr size_t kSecondBytes = sizeof("2026-03-10T09:45:00") - 1;
char* WriteSecond(int64_t second, char* out) {
  constexpr int64_t kFirst = -62'167'219'200;  // 0000-01-01
  constexpr int64_t kLast = 253'402'300'799;   // 9999-12-31T23:59:59
  const std::chrono::sys_seconds point{std::chrono::seconds(std::clamp(second, kFirst, kLast))};
  const auto midnight = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(midnight);
  const int64_t of_day = (point - midnight).count();
  out = WriteDigits(static_cast<int>(date.year()), 4, out);
  *out++ = '-';
  out = WriteDigits(static_cast<unsigned>(date.month()), 2, out);
  *out++ = '-';
  out = WriteDigits(static_cast<unsigned>(date.day()), 2, out);
  *out++ = 'T';
  out = WriteDigits(of_day / 3600, 2, out);
  *out++ = ':';
  out = WriteDigits(of_day / 60 % 60, 2, out);
  *out++ = ':';
  return WriteDigits(of_day % 60, 2, out);
}

struct Split {
  int64_t second;
  int64_t micros;  // 0 to 999'999 behind it
};
Split SplitSecond(int64_t time_us) {
  const int64_t micros = (time_us % kMicros + kMicros) % kMicros;
  return {time_us / kMicros - (time_us % kMicros < 0), micros};
}

}  // namespace

std::optional<int64_t> ParseRfc3339(std::string_view text) {
  Scanner scanner(text);
  const int year = scanner.Number(4, 0, 9999);
  scanner.Need("-");
  const int month = scanner.Number(2, 1, 12);
  scanner.Need("-");
  const int day = scanner.Number(2, 1, 31);
  scanner.Need("Tt ");
  const int hour = scanner.Number(2, 0, 23);
  scanner.Need(":");
  const int minute = scanner.Number(2, 0, 59);
  scanner.Need(":");
  const int second = scanner.Number(2, 0, 60);
  const int64_t micros = scanner.Fraction();
  const int64_t offset = scanner.Offset();
  if (!scanner.DoneWell()) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds =
      days * kSecondsADay + int64_t{hour} * 3600 + int64_t{minute} * 60 + second - offset;
  if (second == 60 && seconds % kSecondsADay != 0) return std::nullopt;
  return seconds * kMicros + micros;
}

void WriteRfc3339(int64_t time_us, char* out) {
  const Split time = SplitSecond(time_us);
  out = WriteSecond(time.second, out);
  *out++ = '.';
  out = WriteDigits(time.micros / 1000, 3, out);
  *out = 'Z';
}

void AppendRfc3339(int64_t time_us, std::string* out) {
  const Split time = SplitSecond(time_us);
  char text[kSecondBytes + sizeof(".123456Z")];
  char* end = WriteSecond(time.second, text);
  if (time.micros != 0) {
    *end++ = '.';
    end = time.micros % 1000 == 0 ? WriteDigits(time.micros / 1000, 3, end)
                                  : WriteDigits(time.micros, 6, end);
  }
  *end++ = 'Z';
  out->append(text, end);
}

}  // namespace sluice::utc
