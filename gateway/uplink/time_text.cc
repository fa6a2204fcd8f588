#include "gateway/uplink/time_text.h"

#include <chrono>

namespace sluice::uplink {

std::string_view TimeText::Format(int64_t time_us) {
  const std::chrono::microseconds time(time_us);
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (second.count() != second_) {
    second_ = second.count();
    utc::WriteRfc3339(time_us, text_);
    return {text_, sizeof text_};
  }
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time - second).count();
  text_[20] = static_cast<char>('0' + ms / 100);
  text_[21] = static_cast<char>('0' + ms / 10 % 10);
  text_[22] = static_cast<char>('0' + ms % 10);
  return {text_, sizeof text_};
}

}  // namespace sluice::uplink
