#include "gateway/spool/memory_queue.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace sluice::spool {
namespace {

// Of emptied batches, as many as workers and consumer can have under way are kept, and none that
// one burst made huge.
constexpr size_t kMaxSpare = 32;
constexpr size_t kMaxSpareCapacity = 1 << 20;

}  // namespace

MemoryQueue::MemoryQueue(Options options, Doorbell& bell)
    : options_(std::move(options)), bell_(bell) {}

// An empty queue takes anything: what could never fit would else wait for ever.
bool MemoryQueue::Fits(uint64_t bytes, uint64_t limit) const {
  const uint64_t used = bytes_.load();
  return used == 0 || used + bytes <= limit;
}

bool MemoryQueue::HasRoom(uint64_t bytes) {
  if (Fits(bytes, options_.max_bytes)) return true;
  // Sequentially consistent, as in Settle(): either this sees the room that was just made, or
  // Settle() sees the refusal.
  refused_.store(true);
  return Fits(bytes, options_.max_bytes);
}

bool MemoryQueue::HasRoomToSpare(uint64_t bytes) const { return Fits(bytes, resume_bytes()); }

RecordBatch MemoryQueue::Append(RecordBatch batch) {
  if (batch.empty()) return batch;
  bytes_.fetch_add(batch.bytes());
  records_.fetch_add(batch.count(), std::memory_order_relaxed);
  RecordBatch empty;
  {
    std::lock_guard lock(inbox_mutex_);
    inbox_.push_back(std::move(batch));
    inbox_waits_.store(true, std::memory_order_release);
    if (!spare_.empty()) {
      empty = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  bell_.Ring();
  return empty;
}

const RecordView* MemoryQueue::Take(Receipt* receipt) {
  if (finished_slot_ >= 0) Release(static_cast<uint32_t>(std::exchange(finished_slot_, -1)));
  FetchInbox();
  if (waiting_ == 0) return nullptr;

  const int priority = std::countr_zero(waiting_);
  std::deque<Run>& runs = runs_[static_cast<size_t>(priority)];
  Run& run = runs.front();
  Slot& slot = slots_[run.slot];
  size_t next = 0;
  const RecordView& view = reader_.Read(slot.batch, run.begin, &next);
  receipt->id = view.id;
  receipt->bytes = static_cast<uint32_t>(next - run.begin);
  run.begin = next;
  if (run.begin == run.end) {
    if (--slot.runs == 0) finished_slot_ = run.slot;
    runs.pop_front();
    if (runs.empty()) waiting_ &= ~(1u << priority);
  }
  return &view;
}

void MemoryQueue::Settle(std::span<const Receipt> receipts) {
  if (receipts.empty()) return;
  uint64_t freed = 0;
  for (const Receipt& receipt : receipts) freed += receipt.bytes;
  records_.fetch_sub(receipts.size(), std::memory_order_relaxed);
  const uint64_t left = bytes_.fetch_sub(freed) - freed;
  // Not at the first free byte: producers that wake for one message each would wake all the time.
  if (left <= resume_bytes() && refused_.load() && refused_.exchange(false)) {
    if (options_.on_room) options_.on_room();
  }
}

void MemoryQueue::FetchInbox() {
  if (!inbox_waits_.load(std::memory_order_acquire)) return;
  {
    std::lock_guard lock(inbox_mutex_);
    fetched_.swap(inbox_);
    inbox_waits_.store(false, std::memory_order_relaxed);
  }
  for (RecordBatch& batch : fetched_) Index(std::move(batch));
  fetched_.clear();
}

void MemoryQueue::Index(RecordBatch batch) {
  uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  slots_[slot].batch = std::move(batch);
  const RecordBatch& records = slots_[slot].batch;

  size_t offset = 0;
  int last = -1;
  while (offset < records.bytes()) {
    size_t next = 0;
    const int priority =
        std::min<int>(RecordReader::HeadAt(records, offset, &next).priority, kPriorities - 1);
    std::deque<Run>& runs = runs_[static_cast<size_t>(priority)];
    if (priority == last) {
      runs.back().end = next;
    } else {
      runs.push_back({slot, offset, next});
      waiting_ |= 1u << priority;
      ++slots_[slot].runs;
      last = priority;
    }
    offset = next;
  }
}

void MemoryQueue::Release(uint32_t slot) {
  RecordBatch batch = std::move(slots_[slot].batch);
  free_slots_.push_back(slot);
  if (batch.capacity() > kMaxSpareCapacity) return;
  batch.Clear();
  std::lock_guard lock(inbox_mutex_);
  if (spare_.size() < kMaxSpare) spare_.push_back(std::move(batch));
}

}  // namespace sluice::spool
