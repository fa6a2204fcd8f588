// Counters and gauges that one thread writes and any thread reads.
//
// Writing is a plain load and store, no locked instruction: give every thread that counts its own
// struct of counters and let the reader sum them.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::operate {

// Written by one thread, read by all.
class Counter {
 public:
  void Add(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  // For gauges: connections, bytes in a queue.
  void Subtract(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  void Set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  uint64_t Get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// A latency histogram over fixed bounds in microseconds: cumulative as Prometheus wants it when
// read.
class Histogram {
 public:
  static constexpr uint64_t kBoundsUs[] = {
      50,     100,     250,     500,     1'000,     2'500,     5'000,     10'000,     25'000,
      50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 60'000'000};
  static constexpr size_t kBounds = sizeof kBoundsUs / sizeof kBoundsUs[0];

  void Observe(uint64_t us) {
    size_t i = 0;
    while (i < kBounds && us > kBoundsUs[i]) ++i;
    buckets_[i].Add();
    sum_us_.Add(us);
  }
  uint64_t bucket(size_t i) const { return buckets_[i].Get(); }  // i <= kBounds; the last is +Inf
  uint64_t sum_us() const { return sum_us_.Get(); }

 private:
  Counter buckets_[kBounds + 1];
  Counter sum_us_;
};

}  // namespace sluice::operate
