// What a rule does with the messages it matched before it sends them: reducers as compiled.
//
// Their order is fixed: dedup, on_change, sample, rate, window. What passes one reaches the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/expression.h"

namespace sluice::compile {

// Passes the first value, then each that differs enough from the last one passed.
struct OnChange {
  language::Expression of;
  double by = 0;  // of numbers: by at least this much; 0: any difference
  bool by_percent = false;
  int64_t max_silence_us = 0;  // passes whatever the value when this has gone by; 0: never
};

// A bucket of `messages`, full at first, into which as many fall in `period_us`.
struct Rate {
  int64_t messages = 0;
  int64_t period_us = 0;
};
// A bucket's level is counted in messages times microseconds.
inline constexpr int64_t kMaxRateMessages = 1'000'000;
inline constexpr int64_t kMaxRatePeriodUs = int64_t{24} * 3600 * 1'000'000;

enum class AggregateFunction : uint8_t { kCount, kSum, kAvg, kMin, kMax, kFirst, kLast, kStddev };

struct Aggregate {
  std::string name;
  AggregateFunction function = AggregateFunction::kCount;
  std::optional<language::Expression> argument;  // none: COUNT()
};

// One message in place of all that came in [n * every, (n + 1) * every).
struct Window {
  int64_t every_us = 0;
  std::vector<Aggregate> aggregates;
};

struct Reduction {
  std::vector<language::Expression> per;  // with device and topic, what states are kept by
  int64_t dedup_us = 0;                   // 0: none
  std::optional<OnChange> on_change;
  uint32_t sample = 0;  // 0: none
  std::optional<Rate> rate;
  std::optional<Window> window;
  bool reads_body = false;
  // All that decides which messages come here and what is made of them, as written: rules with
  // equal definitions can take over each other's states.
  std::string definition;
};

}  // namespace sluice::compile
