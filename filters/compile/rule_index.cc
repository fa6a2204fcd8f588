#include "filters/compile/rule_index.h"

#include <cstring>

#include "filters/compile/text_hash.h"

namespace sluice::compile {

using language::Value;

void RuleIndex::ShrinkToFit() {
  const auto shrink = [](auto&... arrays) { (arrays.shrink_to_fit(), ...); };
  shrink(groups_, fields_, conjunct_places_, columns_, entries_, text_columns_, texts_,
         pattern_places_, open_rules_, buckets_, segments_, segment_clauses_, dimensions_, bounds_,
         order_, bitmaps_, minima_, clauses_, tests_, conjuncts_);
}

uint64_t RuleIndex::HashOf(const Value& value) {
  uint64_t hash = 0;
  if (value.is_string()) {
    hash = HashText(value.string()) | 1;
  } else if (value.is_number()) {
    const double number = value.number() == 0 ? 0.0 : value.number();  // -0 equals 0
    std::memcpy(&hash, &number, sizeof(hash));
    hash = MixBits(hash) | 1;
  } else if (value.is_bool()) {
    hash = value.bool_value() ? 3 : 5;
  }
  return hash;
}

const RuleIndex::Bucket* RuleIndex::Find(const Column& column, const Value& value,
                                         uint64_t hash) const {
  for (uint64_t place = hash >> 1;; ++place) {
    const Entry& entry = entries_[column.entries + (place & column.mask)];
    if (entry.bucket == kNone) return nullptr;
    if (entry.hash == hash && Same(entry.value, value)) return &buckets_[entry.bucket];
  }
}

}  // namespace sluice::compile
