// Times as RFC 3339 in UTC with milliseconds (2026-01-31T08:00:00.123Z), fast for many in a row.
#pragma once

#include <cstdint>
#include <string_view>

#include "filters/utc/rfc3339.h"

namespace sluice::uplink {

// Neighbouring messages share a second, so the last one's text is kept. The view that Format()
// gives is valid until its next call.
class TimeText {
 public:
  std::string_view Format(int64_t time_us);

 private:
  int64_t second_ = INT64_MIN;
  char text_[utc::kRfc3339Bytes] = {};
};

}  // namespace sluice::uplink
