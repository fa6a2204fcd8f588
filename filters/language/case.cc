// Case mapping by a table of ranges: the same on every machine, whatever its locale.
#include <algorithm>
#include <iterator>

#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

// Every step-th code point from `first` to `last` maps to itself plus `delta`.
struct CaseRow {
  uint32_t first;
  uint32_t last;
  uint32_t step;
  int32_t delta;
};

#include "filters/language/case_table.inc"

template <size_t kSize>
uint32_t Map(const CaseRow (&rows)[kSize], uint32_t code_point) {
  const CaseRow* row = std::upper_bound(
      std::begin(rows), std::end(rows), code_point,
      [](uint32_t wanted, const CaseRow& candidate) { return wanted < candidate.first; });
  if (row == std::begin(rows)) return code_point;
  --row;
  if (code_point > row->last || (code_point - row->first) % row->step != 0) return code_point;
  return static_cast<uint32_t>(static_cast<int32_t>(code_point) + row->delta);
}

}  // namespace

uint32_t ToLower(uint32_t code_point) {
  if (code_point < 0x80)
    return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
  return Map(kLower, code_point);
}

uint32_t ToUpper(uint32_t code_point) {
  if (code_point < 0x80)
    return code_point >= 'a' && code_point <= 'z' ? code_point - 32 : code_point;
  return Map(kUpper, code_point);
}

}  // namespace sluice::language
