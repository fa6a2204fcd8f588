// The pieces of JSON that an envelope is made of, appended to one buffer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::uplink {

bool IsUtf8(std::string_view text);

// With quotes. Bytes that are no UTF-8 become U+FFFD: the result is always valid JSON.
void AppendJsonString(std::string_view text, std::string* out);

void AppendBase64(std::string_view bytes, std::string* out);

void AppendNumber(uint64_t number, std::string* out);

// RFC 3339 in UTC with milliseconds: 2026-01-31T08:00:00.123Z. Neighbouring messages share a
// second, so the last one's text is kept.
class TimeText {
 public:
  std::string_view Format(int64_t time_us);

 private:
  static constexpr size_t kBytes = sizeof("2026-01-31T08:00:00.123Z") - 1;

  int64_t second_ = INT64_MIN;
  char text_[kBytes] = {};
};

}  // namespace sluice::uplink
