#include "gateway/uplink/time_text.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace sluice::uplink {
namespace {

void PutTwo(int value, char* to) {
  to[0] = static_cast<char>('0' + value / 10);
  to[1] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string_view TimeText::Format(int64_t time_us) {
  using std::chrono::floor;
  const std::chrono::microseconds time(time_us);
  const auto second = floor<std::chrono::seconds>(time);
  if (second.count() != second_) {
    second_ = second.count();
    const auto day = floor<std::chrono::days>(second);
    const std::chrono::year_month_day date{std::chrono::sys_days(day)};
    const std::chrono::hh_mm_ss clock(second - day);
    std::memcpy(text_, "0000-00-00T00:00:00.000Z", kBytes);
    const int year = std::clamp(static_cast<int>(date.year()), 0, 9999);
    PutTwo(year / 100, text_);
    PutTwo(year % 100, text_ + 2);
    PutTwo(static_cast<int>(static_cast<unsigned>(date.month())), text_ + 5);
    PutTwo(static_cast<int>(static_cast<unsigned>(date.day())), text_ + 8);
    PutTwo(static_cast<int>(clock.hours().count()), text_ + 11);
    PutTwo(static_cast<int>(clock.minutes().count()), text_ + 14);
    PutTwo(static_cast<int>(clock.seconds().count()), text_ + 17);
  }
  const auto ms = static_cast<int>(
      std::chrono::duration_cast<std::chrono::milliseconds>(time - second).count());
  text_[20] = static_cast<char>('0' + ms / 100);
  PutTwo(ms % 100, text_ + 21);
  return {text_, kBytes};
}

}  // namespace sluice::uplink
