// A histogram of durations: constant time, 2 KB words, and every quantile within 1.6 %.
//
// Values below 64 µs are counted exactly; above, each power of two is cut into 64 slots (as
// HdrHistogram does).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::simulate {

class LatencyHistogram {
 public:
  void Add(int64_t microseconds);
  void Merge(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  int64_t max_us() const { return max_us_; }
  // The value that a share `quantile` (0 to 1) of all values does not exceed, rounded up to its
  // slot's end but never above max_us(); 0 while empty.
  int64_t Quantile(double quantile) const;

 private:
  static constexpr int kSlotBits = 6;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;
  static constexpr size_t kPowers = 40;  // 2^45 µs is more than a year
  static size_t SlotOf(uint64_t microseconds);
  static uint64_t SlotEnd(size_t slot);

  std::array<uint64_t, kSlots * kPowers> slots_{};
  uint64_t count_ = 0;
  int64_t max_us_ = 0;
};

}  // namespace sluice::simulate
