#include "gateway/simulate/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sluice::simulate {

size_t LatencyHistogram::SlotOf(uint64_t microseconds) {
  if (microseconds < kSlots) return microseconds;
  // The highest kSlotBits + 1 bits select the slot: the leading one says which power, the rest
  // where in it.
  const int shift = std::bit_width(microseconds) - 1 - kSlotBits;
  const size_t slot = (static_cast<size_t>(shift) << kSlotBits) + (microseconds >> shift);
  return std::min(slot, kSlots * kPowers - 1);
}

uint64_t LatencyHistogram::SlotEnd(size_t slot) {
  if (slot < 2 * kSlots) return slot;
  const size_t shift = slot / kSlots - 1;
  return ((kSlots + slot % kSlots + 1) << shift) - 1;
}

void LatencyHistogram::Add(int64_t microseconds) {
  microseconds = std::max<int64_t>(microseconds, 0);
  ++slots_[SlotOf(static_cast<uint64_t>(microseconds))];
  ++count_;
  max_us_ = std::max(max_us_, microseconds);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  for (size_t i = 0; i < slots_.size(); ++i) slots_[i] += other.slots_[i];
  count_ += other.count_;
  max_us_ = std::max(max_us_, other.max_us_);
}

int64_t LatencyHistogram::Quantile(double quantile) const {
  if (count_ == 0) return 0;
  const auto wanted = std::max<uint64_t>(
      1, static_cast<uint64_t>(std::ceil(quantile * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    seen += slots_[slot];
    if (seen >= wanted) return std::min(static_cast<int64_t>(SlotEnd(slot)), max_us_);
  }
  return max_us_;
}

}  // namespace sluice::simulate
