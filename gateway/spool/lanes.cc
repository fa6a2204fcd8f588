#include "gateway/spool/lanes.h"

#include <algorithm>
#include <utility>

namespace sluice::spool {

Lanes::Lanes(std::chrono::milliseconds live_for, size_t max_bytes)
    : live_for_(live_for), max_bytes_(max_bytes) {
  for (int p = 0; p < kPriorities; ++p) priorities_[index(p)].disk = {FirstKey(p), FirstKey(p)};
}

void Lanes::AddOnDisk(int64_t key) {
  const int priority = PriorityOf(key);
  Range& disk = priorities_[index(priority)].disk;
  disk.end = std::max(disk.end, key + 1);
  Mark(priority);
}

void Lanes::Push(Batch batch, TimePoint now) {
  const int priority = PriorityOf(batch->key);
  bytes_ += batch->records.bytes();
  priorities_[index(priority)].live.push_back({std::move(batch), now});
  Mark(priority);
  Evict();
}

// Oldest first, of the priority that is sent last.
void Lanes::Evict() {
  for (int p = kPriorities - 1; p >= 0 && bytes_ > max_bytes_; --p) {
    Priority& of = priorities_[index(p)];
    while (bytes_ > max_bytes_ && !(of.aged.empty() && of.live.empty())) {
      const Batch batch = Pop(of.aged.empty() ? of.live : of.aged);
      of.disk.end = batch->key + 1;
    }
    Mark(p);
  }
}

Lanes::Batch Lanes::TakeLive(int priority, TimePoint now) {
  Priority& of = priorities_[index(priority)];
  Age(of, now);
  Batch batch = of.live.empty() ? nullptr : Pop(of.live);
  Mark(priority);
  return batch;
}

Lanes::Batch Lanes::TakeAged(int priority) {
  Priority& of = priorities_[index(priority)];
  Batch batch = of.aged.empty() ? nullptr : Pop(of.aged);
  Mark(priority);
  return batch;
}

void Lanes::Age(Priority& of, TimePoint now) {
  while (!of.live.empty() && now - of.live.front().since >= live_for_) {
    of.aged.push_back(std::move(of.live.front()));
    of.live.pop_front();
  }
}

void Lanes::Advance(int priority, int64_t next) {
  Range& disk = priorities_[index(priority)].disk;
  disk.next = std::max(disk.next, next);
  Mark(priority);
}

void Lanes::DropThrough(int64_t key) {
  const int priority = PriorityOf(key);
  Priority& of = priorities_[index(priority)];
  for (std::deque<Waiting>* const lane : {&of.aged, &of.live}) {
    while (!lane->empty() && lane->front().batch->key <= key) Pop(*lane);
  }
  Advance(priority, key + 1);
}

void Lanes::Restore(int64_t key) {
  const int priority = PriorityOf(key);
  Range& disk = priorities_[index(priority)].disk;
  disk.next = disk.empty() ? key : std::min(disk.next, key);
  disk.end = std::max(disk.end, key + 1);
  Mark(priority);
}

void Lanes::ForEach(const std::function<void(const StoredBatch&)>& visit) const {
  for (const Priority& of : priorities_) {
    for (const std::deque<Waiting>* const lane : {&of.aged, &of.live}) {
      for (const Waiting& waiting : *lane) visit(*waiting.batch);
    }
  }
}

Lanes::Batch Lanes::Pop(std::deque<Waiting>& from) {
  Batch batch = std::move(from.front().batch);
  from.pop_front();
  bytes_ -= batch->records.bytes();
  return batch;
}

void Lanes::Mark(int priority) {
  const Priority& of = priorities_[index(priority)];
  const uint32_t bit = 1u << static_cast<unsigned>(priority);
  live_ = of.live.empty() ? live_ & ~bit : live_ | bit;
  backlog_ = of.disk.empty() && of.aged.empty() ? backlog_ & ~bit : backlog_ | bit;
}

}  // namespace sluice::spool
