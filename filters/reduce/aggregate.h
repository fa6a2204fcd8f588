// Aggregates of a window: values come one by one, a member of the window's message comes out.
//
// SUM AVG MIN MAX STDDEV are of numbers and pass over all else; COUNT(x) counts what is neither
// undefined nor null; FIRST and LAST take any value that is defined and no container. STDDEV is the
// sample's (n - 1), as SQL's; of fewer than two numbers it is undefined, as all but COUNT are of
// none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "filters/compile/reduction.h"
#include "filters/language/value.h"

namespace sluice::reduce {

inline constexpr size_t kMaxKeptText = 1024;  // bytes; FIRST and LAST pass over longer texts

struct Accumulator {
  enum class Kept : uint8_t { kNothing, kNull, kFalse, kTrue, kNumber, kText };

  uint64_t count = 0;  // of values taken
  double number = 0;   // the sum; the least, greatest, first, last; of STDDEV the mean
  double spread = 0;   // of STDDEV: the sum of squared distances from the mean
  Kept kept = Kept::kNothing;
  std::string text;
};

// `value` is of the aggregate's argument; COUNT() takes anything.
void Accumulate(const compile::Aggregate& aggregate, const language::Value& value,
                Accumulator* into);

// Appends `,"name":value`, or nothing where it is undefined. A sum beyond a double's range is left
// out, too: JSON has no infinity.
void AppendResult(const compile::Aggregate& aggregate, const Accumulator& accumulator,
                  std::string* json);

}  // namespace sluice::reduce
