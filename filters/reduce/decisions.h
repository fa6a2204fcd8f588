// What on_change and rate decide by, without any effect but on the state they are given.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "filters/compile/reduction.h"
#include "filters/reduce/state_store.h"

namespace sluice::reduce {

// Of two numbers, with `by` as written.
inline bool Differs(const compile::OnChange& on_change, double last, double value) {
  if (value == last) return false;
  const double distance = std::abs(value - last);
  return on_change.by_percent ? distance * 100 >= std::abs(last) * on_change.by
                              : distance >= on_change.by;
}

// Whether the bucket has room for one more, which it takes. Levels are in messages times
// microseconds: one message is period_us of them, and `messages` of them run out a microsecond, so
// that nothing is rounded.
inline bool TakeFrom(const compile::Rate& rate, int64_t now_us, State* state) {
  const int64_t passed_us = std::max<int64_t>(0, now_us - state->rate_us);
  state->rate_used = passed_us >= rate.period_us
                         ? 0
                         : std::max<int64_t>(0, state->rate_used - passed_us * rate.messages);
  state->rate_us = now_us;
  if (state->rate_used + rate.period_us > rate.messages * rate.period_us) return false;
  state->rate_used += rate.period_us;
  return true;
}

}  // namespace sluice::reduce
