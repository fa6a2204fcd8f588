// What of a spool waits to be taken, and in which order: rows in memory and ranges of keys on the
// disk.
//
// Of each priority, in order of arrival:
//
//   taken … | on the disk alone | aged, in memory | live, in memory | … newest
//           |<------------ backlog ------------->|
//
// A row is born live, turns to backlog when it has waited too long, and leaves memory, oldest
// first, when memory is short: it is on the disk anyway. Live rows may be taken before the backlog,
// so a range on the disk can hold rows that were taken long ago: the caller knows which.
// Neither threads nor disk in here; the owner locks.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "gateway/spool/stored_batch.h"

namespace sluice::spool {

class Lanes {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Batch = std::unique_ptr<StoredBatch>;

  // Keys in [next, end) of which nothing is in memory.
  struct Range {
    int64_t next = 0;
    int64_t end = 0;
    bool empty() const { return next >= end; }
  };

  // Rows live for `live_for`; at most `max_bytes` of them are kept in memory.
  Lanes(std::chrono::milliseconds live_for, size_t max_bytes);

  // A file that was opened has this row.
  void AddOnDisk(int64_t key);
  // A row that was just committed; keys of a priority rise.
  void Push(Batch batch, TimePoint now);

  // The oldest row of its lane and priority, or null. For the backlog: after its range on the disk.
  Batch TakeLive(int priority, TimePoint now);
  Batch TakeAged(int priority);
  Range OnDisk(int priority) const { return priorities_[index(priority)].disk; }
  // Rows on the disk below `next` are taken, or not there.
  void Advance(int priority, int64_t next);

  // Rows up to this key of its priority are no more.
  void DropThrough(int64_t key);
  // This one is there all the same, on the disk alone; none that is older waits in memory.
  void Restore(int64_t key);

  // All rows in memory.
  void ForEach(const std::function<void(const StoredBatch&)>& visit) const;

  // A bit for each priority of which something waits.
  uint32_t live() const { return live_; }
  uint32_t backlog() const { return backlog_; }
  size_t bytes() const { return bytes_; }

 private:
  struct Waiting {
    Batch batch;
    TimePoint since;
  };
  struct Priority {
    Range disk;
    std::deque<Waiting> aged;
    std::deque<Waiting> live;
  };

  static size_t index(int priority) { return static_cast<size_t>(priority); }
  void Age(Priority& of, TimePoint now);
  Batch Pop(std::deque<Waiting>& from);
  void Evict();
  void Mark(int priority);

  const std::chrono::milliseconds live_for_;
  const size_t max_bytes_;
  std::array<Priority, kPriorities> priorities_;
  uint32_t live_ = 0;
  uint32_t backlog_ = 0;
  size_t bytes_ = 0;
};

}  // namespace sluice::spool
