// The producers' and the consumer's side; the writer's is disk_queue_writer.cc and those beside it.
#include "gateway/spool/disk_queue.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace sluice::spool {
absl::StatusOr<std::unique_ptr<DiskQueue>> DiskQueue::Open(Options options, Doorbell& bell) {
  absl::StatusOr<SpoolFolder> folder = SpoolFolder::Claim(options.folder);
  if (!folder.ok()) return folder.status();
  std::unique_ptr<DiskQueue> queue(new DiskQueue(std::move(options), bell, *std::move(folder)));
  if (absl::Status s = queue->OpenFile(); !s.ok()) return s;
  queue->thread_ = std::thread(&DiskQueue::Run, queue.get());
  return queue;
}

DiskQueue::DiskQueue(Options options, Doorbell& bell, SpoolFolder folder)
    : options_(std::move(options)),
      max_pending_(options_.max_memory / 2),
      bell_(bell),
      folder_(std::move(folder)),
      lanes_(options_.live_for, options_.max_memory / 2) {
  dropped_through_.fill(-1);
  for (Cursor& cursor : cursors_[kBacklog]) cursor.lane = kBacklog;
}

DiskQueue::~DiskQueue() { Stop(); }

bool DiskQueue::Stop() {
  if (thread_.joinable()) {
    stopping_.store(true);
    writer_bell_.Ring();
    thread_.join();
    // The last connection to close empties the log into the file.
    reader_.reset();
    file_.reset();
  }
  return pending_bytes_.load() == 0;
}

// --- producers

// An empty queue takes anything: what could never fit would else wait for ever.
bool DiskQueue::FitsInMemory(uint64_t bytes, uint64_t parts_of_four) const {
  const uint64_t pending = pending_bytes_.load();
  return pending == 0 || pending + bytes <= max_pending_ / 4 * parts_of_four;
}

bool DiskQueue::FitsOnDisk(uint64_t bytes, uint64_t limit) const {
  if (options_.overflow == Overflow::kDropOldest || records_.load() == 0) return true;
  return used_bytes_.load() + pending_bytes_.load() + bytes <= limit;
}

uint64_t DiskQueue::ResumeBytes() const {
  const uint64_t limit = limit_bytes_.load();
  return LimitFor(kLeastUrgent, limit) - std::min<uint64_t>(limit / 8, 4 << 20);
}

bool DiskQueue::HasRoom(uint64_t bytes) {
  const auto fits = [&] {
    return FitsInMemory(bytes, 4) && (refuses() || FitsOnDisk(bytes, limit_bytes_.load()));
  };
  if (fits()) return true;
  // Sequentially consistent, as in TellRoom(): either this sees the room that was just made, or
  // TellRoom() sees the refusal.
  if (!refused_.exchange(true)) writer_bell_.Ring();
  return fits();
}

bool DiskQueue::Takes(uint64_t bytes, uint8_t priority) {
  const auto fits = [&] { return FitsOnDisk(bytes, LimitFor(priority, limit_bytes_.load())); };
  if (fits()) return true;
  if (refuses()) return false;
  if (!refused_.exchange(true)) writer_bell_.Ring();
  return fits();
}

bool DiskQueue::HasRoomToSpare(uint64_t bytes) const {
  return FitsInMemory(bytes, 3) && FitsOnDisk(bytes, ResumeBytes());
}

RecordBatch DiskQueue::Append(RecordBatch batch) {
  if (batch.empty()) return batch;
  pending_bytes_.fetch_add(batch.bytes());
  RecordBatch empty;
  {
    std::lock_guard lock(inbox_mutex_);
    records_.fetch_add(batch.count(), std::memory_order_relaxed);  // see Reconcile()
    inbox_.push_back(std::move(batch));
    if (!spare_.empty()) {
      empty = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  writer_bell_.Ring();
  return empty;
}

// --- the consumer

bool DiskQueue::HasRecords() const {
  if (pending_bytes_.load() != 0 && !failing()) return true;
  return (started_[kLive] | started_[kBacklog] | live_waiting_.load() | backlog_waiting_.load()) !=
         0;
}

const RecordView* DiskQueue::Take(Receipt* receipt) {
  finished_.reset();
  for (;;) {
    Cursor* const cursor = Choose();
    if (cursor == nullptr) return nullptr;

    const RecordBatch& records = cursor->batch->records;
    const RecordView* view = nullptr;
    while (view == nullptr && cursor->index < records.count()) {
      const uint32_t index = cursor->index++;
      size_t next = 0;
      if (cursor->batch->settled.Has(index)) {
        RecordReader::HeadAt(records, cursor->offset, &next);
      } else {
        view = &records_reader_.Read(records, cursor->offset, &next, cursor->batch->epoch);
        *receipt = {static_cast<uint64_t>(cursor->batch->key),
                    static_cast<uint32_t>(next - cursor->offset), index};
      }
      cursor->offset = next;
    }
    if (cursor->index == records.count()) {
      const uint32_t bit = 1u << static_cast<unsigned>(PriorityOf(cursor->batch->key));
      started_[cursor->lane] &= ~bit;
      finished_ = std::move(cursor->batch);
    }
    if (view != nullptr) return view;
  }
}

// The row to take from: of the lane whose turn it is, the lowest priority number. Null if nothing
// waits, or nothing can be read now.
DiskQueue::Cursor* DiskQueue::Choose() {
  for (;;) {
    const uint32_t live = started_[kLive] | live_waiting_.load(std::memory_order_acquire);
    const uint32_t backlog = started_[kBacklog] | backlog_waiting_.load(std::memory_order_acquire);
    if ((live | backlog) == 0) return nullptr;

    Lane lane = live != 0 ? kLive : kBacklog;
    if (live != 0 && backlog != 0) {
      turn_ += options_.backlog_share;
      if (turn_ >= 100) {
        turn_ -= 100;
        lane = kBacklog;
      }
    }
    const int priority = std::countr_zero(lane == kLive ? live : backlog);
    Cursor& cursor = cursors_[lane][static_cast<size_t>(priority)];
    if (cursor.batch != nullptr) return &cursor;
    switch (LoadRow(lane, priority)) {
      case Load::kLoaded:
        return &cursor;
      case Load::kEmpty:
        break;
      case Load::kLater:
        return nullptr;
    }
  }
}

DiskQueue::Load DiskQueue::LoadRow(Lane lane, int priority) {
  Cursor& cursor = cursors_[lane][static_cast<size_t>(priority)];
  Batch batch;
  if (lane == kBacklog) {
    const Load load = LoadFromDisk(priority, &batch);
    if (load == Load::kLoaded) Begin(&cursor, std::move(batch));
    if (load != Load::kEmpty) return load;
  }
  {
    std::lock_guard lock(mutex_);
    batch = lane == kLive ? lanes_.TakeLive(priority, options_.now()) : lanes_.TakeAged(priority);
    if (batch != nullptr) taken_[batch->key] = {batch->records.count(), batch->settled, false};
    Mark();
  }
  if (batch == nullptr) return Load::kEmpty;
  Begin(&cursor, std::move(batch));
  return Load::kLoaded;
}

// kEmpty: nothing of this priority is on the disk alone.
DiskQueue::Load DiskQueue::LoadFromDisk(int priority, Batch* batch) {
  for (;;) {
    Lanes::Range range;
    {
      std::lock_guard lock(mutex_);
      range = lanes_.OnDisk(priority);
    }
    if (range.empty()) return Load::kEmpty;

    auto read = std::make_unique<StoredBatch>();
    absl::StatusOr<SpoolFile::Read> result = absl::UnavailableError("the file is being replaced");
    // To the end, or a row could leave the disk and be forgotten between the two looks at it.
    std::lock_guard reading(reader_mutex_);
    if (reader_) result = reader_->Next(range.next, range.end, read.get());
    if (result.status().code() == absl::StatusCode::kDataLoss) {
      reader_.reset();
      damaged_.store(true);
    }
    if (!result.ok()) {
      read_failed_.store(true);
      writer_bell_.Ring();
      return Load::kLater;
    }

    std::lock_guard lock(mutex_);
    // A transaction has failed meanwhile, and what it had dropped, before this, is there again.
    if (lanes_.OnDisk(priority).next < range.next) continue;
    if (*result == SpoolFile::Read::kNone) {
      lanes_.Advance(priority, range.end);
      Mark();
      continue;
    }
    lanes_.Advance(priority, read->key + 1);
    Mark();
    if (taken_.contains(read->key) || read->key <= dropped_through_[static_cast<size_t>(priority)])
      continue;
    if (*result == SpoolFile::Read::kDamaged) {
      damaged_rows_.push_back(read->key);
      settles_wait_.store(true);
      writer_bell_.Ring();
      continue;
    }
    taken_[read->key] = {read->records.count(), read->settled, false};
    *batch = std::move(read);
    return Load::kLoaded;
  }
}

void DiskQueue::Begin(Cursor* cursor, Batch batch) {
  started_[cursor->lane] |= 1u << static_cast<unsigned>(PriorityOf(batch->key));
  cursor->batch = std::move(batch);
  cursor->offset = 0;
  cursor->index = 0;
}

// Under mutex_: what waits, for those who look without it.
void DiskQueue::Mark() {
  live_waiting_.store(lanes_.live(), std::memory_order_release);
  backlog_waiting_.store(lanes_.backlog(), std::memory_order_release);
}

void DiskQueue::Settle(std::span<const Receipt> receipts) {
  if (receipts.empty()) return;
  uint64_t settled = 0;
  {
    std::lock_guard lock(mutex_);
    auto row = taken_.end();
    for (const Receipt& receipt : receipts) {
      const auto key = static_cast<int64_t>(receipt.id);
      if (row == taken_.end() || row->first != key) row = taken_.find(key);
      if (row == taken_.end() || !row->second.settled.Add(receipt.index)) continue;
      ++settled;
      Taken& taken = row->second;
      if (taken.settled.count() == taken.records) {
        settled_rows_.push_back(key);
      } else if (!std::exchange(taken.touched, true)) {
        touched_.push_back(key);
      }
    }
    records_.fetch_sub(settled, std::memory_order_relaxed);  // see Reconcile()
  }
  counters_.settled.Add(settled);
  if (!settles_wait_.exchange(true)) writer_bell_.Ring();
}

}  // namespace sluice::spool
