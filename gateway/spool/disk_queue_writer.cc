// The writer of DiskQueue: its loop, and what comes in. A transaction is disk_queue_commit.cc's, a
// file that opens or breaks disk_queue_file.cc's.
#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/spool/disk_queue.h"

namespace sluice::spool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A row is read, and held in memory, as a whole.
constexpr size_t kRowBytes = size_t{256} * 1024;
constexpr size_t kRowRecords = 1024;
// What one transaction takes in: it bounds the log, and how long a ticket waits for its neighbours.
constexpr uint64_t kCommitBytes = 8 << 20;
// What settles waits so long for a commit to ride with.
constexpr milliseconds kSettleDelay{200};
constexpr seconds kLook{1};
constexpr size_t kMaxSpare = 32;
constexpr size_t kMaxSpareCapacity = 1 << 20;

}  // namespace

void DiskQueue::Run() {
  for (;;) {
    const bool stopping = stopping_.load();  // before looking: what came before stopping is seen
    const TimePoint now = options_.now();
    if (damaged_.load() && (file_ || now >= retry_at_ || stopping)) Rebuild();
    if (!file_) {
      if (stopping) return;
      writer_bell_.WaitUntil(retry_at_);
      continue;
    }
    if (now >= look_at_) Look();
    Fetch();
    if (settles_wait_.load() && settle_at_ == TimePoint::max()) settle_at_ = now + kSettleDelay;
    const bool due = now >= retry_at_ || stopping;
    if (due && (!fresh_.empty() || now >= settle_at_ || expiry_due_ || stopping || refused_.load()))
      Commit();
    if (stopping && (failing() || (pending_bytes_.load() == 0 && !settles_wait_.load()))) return;
    if (!stopping) writer_bell_.WaitUntil(NextWake());
  }
}

DiskQueue::TimePoint DiskQueue::NextWake() const {
  TimePoint wake = std::min(settle_at_, look_at_);
  if (!fresh_.empty()) wake = std::min(wake, retry_at_);
  return std::max(wake, retry_at_);
}

// --- what comes in

void DiskQueue::Fetch() {
  if (fresh_bytes_ >= kCommitBytes) return;  // a commit that failed
  {
    std::lock_guard lock(inbox_mutex_);
    // No more than a commit takes: the rest is the next one's.
    uint64_t bytes = fresh_bytes_;
    size_t count = 0;
    while (count < inbox_.size() && bytes < kCommitBytes) bytes += inbox_[count++].bytes();
    const auto end = inbox_.begin() + static_cast<std::ptrdiff_t>(count);
    fetched_.assign(std::make_move_iterator(inbox_.begin()), std::make_move_iterator(end));
    inbox_.erase(inbox_.begin(), end);
    if (!inbox_.empty()) writer_bell_.Ring();
  }
  if (fetched_.empty()) return;
  for (RecordBatch& batch : fetched_) {
    fresh_bytes_ += batch.bytes();
    Gather(batch);
    batch.Clear();
  }
  {
    std::lock_guard lock(inbox_mutex_);
    for (RecordBatch& batch : fetched_) {
      if (spare_.size() < kMaxSpare && batch.capacity() <= kMaxSpareCapacity)
        spare_.push_back(std::move(batch));
    }
  }
  fetched_.clear();
}

// Each record to the row of its priority.
void DiskQueue::Gather(const RecordBatch& batch) {
  for (size_t offset = 0; offset < batch.bytes();) {
    size_t next = 0;
    const RecordHead head = RecordReader::HeadAt(batch, offset, &next);
    const auto priority = std::min<size_t>(head.priority, kPriorities - 1);
    size_t& growing = growing_[priority];
    if (growing != 0) {
      const RecordBatch& row = fresh_[growing - 1]->records;
      if (row.count() >= kRowRecords || row.bytes() + (next - offset) > kRowBytes) growing = 0;
    }
    if (growing == 0) {
      auto row = std::make_unique<StoredBatch>();
      row->key = FirstKey(static_cast<int>(priority)) + static_cast<int64_t>(next_number_++);
      row->time_us = head.time_us;
      row->epoch = options_.epoch;
      fresh_.push_back(std::move(row));
      growing = fresh_.size();
    }
    fresh_[growing - 1]->records.AppendStored(batch, offset);
    if (head.ticket) tickets_.push_back(*head.ticket);
    offset = next;
  }
}

// --- around it

void DiskQueue::TellRoom() {
  if (!refused_.load() || !HasRoomToSpare(0)) return;
  if (refused_.exchange(false)) options_.on_room();
}

// Once a second: how old the oldest is, and how much the disk still has.
void DiskQueue::Look() {
  look_at_ = options_.now() + kLook;
  uint64_t limit = options_.max_bytes;
  if (options_.free_bytes(folder_.path()) < options_.min_free) {
    const absl::StatusOr<int64_t> file = file_->FileBytes();
    if (file.ok()) limit = std::min(limit, static_cast<uint64_t>(*file));
  }
  limit_bytes_.store(limit);
  int64_t oldest = 0;
  for (int p = 0; p < kPriorities; ++p) {
    BatchHead head;
    const absl::StatusOr<bool> found = file_->NextHead(FirstKey(p), FirstKey(p + 1), &head);
    if (!found.ok() || !*found) continue;
    oldest = oldest == 0 ? head.time_us : std::min(oldest, head.time_us);
  }
  oldest_us_.store(oldest);
  expiry_due_ = options_.ttl.count() != 0 && oldest != 0;
  // Who could not read may try again.
  if (read_failed_.exchange(false)) bell_.Ring();
  TellRoom();
}

}  // namespace sluice::spool
