// A row of a spool: records of one priority that were committed together.
//
// Its key orders all rows: priority first, then arrival.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/spool/record_batch.h"

namespace sluice::spool {

inline constexpr int kPriorities = 10;
inline constexpr int kPriorityShift = 56;

// Keys of a priority are in [FirstKey(priority), FirstKey(priority + 1)).
constexpr int64_t FirstKey(int priority) { return int64_t{priority} << kPriorityShift; }
constexpr int PriorityOf(int64_t key) { return static_cast<int>(key >> kPriorityShift); }

// Which records of a row are settled: a bit each.
class RecordSet {
 public:
  explicit RecordSet(size_t records = 0) : words_((records + 63) / 64) {}
  // What bytes() gave for so many records; missing bytes are zeros.
  RecordSet(size_t records, std::string_view bytes) : RecordSet(records) {
    if (!words_.empty() && !bytes.empty()) {
      const size_t size = std::min(bytes.size(), words_.size() * sizeof(uint64_t));
      std::memcpy(words_.data(), bytes.data(), size);
    }
    for (const uint64_t word : words_) count_ += static_cast<size_t>(std::popcount(word));
  }

  // False if it was in the set already, or is no record.
  bool Add(size_t index) {
    if (index / 64 >= words_.size() || Has(index)) return false;
    words_[index / 64] |= uint64_t{1} << index % 64;
    ++count_;
    return true;
  }
  bool Has(size_t index) const {
    return index / 64 < words_.size() && (words_[index / 64] >> index % 64 & 1) != 0;
  }
  size_t count() const { return count_; }
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(words_.data()), words_.size() * sizeof(uint64_t)};
  }

 private:
  std::vector<uint64_t> words_;
  size_t count_ = 0;
};

struct StoredBatch {
  int64_t key = 0;
  int64_t time_us = 0;  // its first record's
  std::string epoch;    // of the process that took it
  RecordBatch records;
  RecordSet settled;
};

}  // namespace sluice::spool
