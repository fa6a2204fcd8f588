// A transaction of DiskQueue's writer: what came in, what settled, what gives way; and what follows
// from its success or failure.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "gateway/spool/disk_queue.h"

namespace sluice::spool {
namespace {

using operate::Log;
using operate::LogLevel;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::seconds;

constexpr seconds kRetry{1};
// Times before this one (2020) are of a clock that was not set: nothing expires by them.
constexpr int64_t kSaneTimeUs = 1'577'836'800'000'000;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr uint64_t kRowOverhead = 128;  // of the page that it lies in

}  // namespace

// What settled since the last commit. Kept, if this one fails, for the next.
void DiskQueue::CollectChanges() {
  settles_wait_.store(false);
  settle_at_ = TimePoint::max();
  std::lock_guard lock(mutex_);
  changes_.settled.insert(changes_.settled.end(), settled_rows_.begin(), settled_rows_.end());
  changes_.damaged.insert(changes_.damaged.end(), damaged_rows_.begin(), damaged_rows_.end());
  settled_rows_.clear();
  damaged_rows_.clear();
  for (const int64_t key : touched_) {
    const auto row = taken_.find(key);
    if (row == taken_.end()) continue;
    row->second.touched = false;
    if (row->second.settled.count() < row->second.records)
      changes_.partly.emplace_back(key, row->second.settled);
  }
  touched_.clear();
}

void DiskQueue::Commit() {
  CollectChanges();
  if (fresh_.empty() && changes_.empty() && !expiry_due_) return;
  const TimePoint began = options_.now();
  absl::Status status = file_->Begin();
  if (status.ok()) status = WriteAll();
  if (status.ok()) status = file_->Commit();
  if (status.ok()) {
    OnCommitted(began);
  } else {
    file_->Rollback();
    TakeBackDrops();
    OnFailed(status);
  }
}

// Deletions first: what is inserted may use their pages.
absl::Status DiskQueue::WriteAll() {
  changes_.set_aside.clear();
  changes_.refused.clear();
  changes_.dropped_before = dropped_through_;  // which the writer alone changes
  if (absl::Status s = WriteSettled(); !s.ok()) return s;
  if (absl::Status s = Expire(); !s.ok()) return s;
  return WriteFresh();
}

absl::Status DiskQueue::WriteSettled() {
  for (const auto& [key, settled] : changes_.partly) {
    if (absl::Status s = file_->SaveSettled(key, settled); !s.ok()) return s;
  }
  for (const int64_t key : changes_.settled) {
    if (absl::Status s = file_->Remove(key).status(); !s.ok()) return s;
  }
  for (const int64_t key : changes_.damaged) {
    BatchHead head;
    const absl::StatusOr<bool> found = file_->NextHead(key, key + 1, &head);
    if (!found.ok()) return found.status();
    if (absl::Status s = file_->SetAside(key); !s.ok()) return s;
    if (*found) changes_.set_aside.push_back(head);
  }
  return absl::OkStatus();
}

absl::Status DiskQueue::Expire() {
  if (!std::exchange(expiry_due_, false) || options_.ttl.count() == 0) return absl::OkStatus();
  const int64_t before = options_.wall_us() - microseconds(options_.ttl).count();
  for (int p = 0; p < kPriorities; ++p) {
    absl::StatusOr<bool> dropped = true;
    while (dropped.ok() && *dropped) dropped = DropOldest(p, before, &changes_.expired);
    if (!dropped.ok()) return dropped.status();
  }
  return absl::OkStatus();
}

absl::Status DiskQueue::WriteFresh() {
  for (size_t i = 0; i < fresh_.size(); ++i) {
    const absl::StatusOr<bool> room = MakeRoomFor(*fresh_[i]);
    if (!room.ok()) return room.status();
    if (!*room) {
      changes_.refused.push_back(i);
      continue;
    }
    if (absl::Status s = file_->Insert(*fresh_[i]); !s.ok()) return s;
  }
  return absl::OkStatus();
}

// What matters less, or as much and is older, gives way. False: nothing there does.
absl::StatusOr<bool> DiskQueue::MakeRoomFor(const StoredBatch& batch) {
  if (options_.overflow != Overflow::kDropOldest) return true;
  const int priority = PriorityOf(batch.key);
  const uint64_t limit = LimitFor(priority, limit_bytes_.load());
  for (;;) {
    const absl::StatusOr<int64_t> used = file_->UsedBytes();
    if (!used.ok()) return used.status();
    if (static_cast<uint64_t>(*used) + batch.records.bytes() + kRowOverhead <= limit) return true;
    absl::StatusOr<bool> dropped = false;
    for (int p = kPriorities - 1; p >= priority && !*dropped; --p) {
      dropped = DropOldest(p, kNever, &changes_.overflowed);
      if (!dropped.ok()) return dropped.status();
    }
    if (!*dropped) return false;
  }
}

// The oldest row of a priority that arrived before a time and is not being sent. False: there is
// none.
absl::StatusOr<bool> DiskQueue::DropOldest(int priority, int64_t before_us,
                                           std::vector<BatchHead>* dropped) {
  BatchHead head;
  for (int64_t from = FirstKey(priority);; from = head.key + 1) {
    const absl::StatusOr<bool> found = file_->NextHead(from, FirstKey(priority + 1), &head);
    if (!found.ok()) return found.status();
    if (!*found || head.time_us >= before_us) return false;
    if (before_us != kNever && head.time_us < kSaneTimeUs) return false;
    {
      // From now on nobody takes it, or it would be under way and not on the disk.
      std::lock_guard lock(mutex_);
      if (taken_.contains(head.key)) continue;
      dropped_through_[static_cast<size_t>(priority)] = head.key;
      lanes_.DropThrough(head.key);
      Mark();
    }
    dropped->push_back(head);
    const absl::StatusOr<bool> removed = file_->Remove(head.key);
    if (!removed.ok()) return removed.status();
    return true;
  }
}

// The transaction failed: what it dropped is still there.
void DiskQueue::TakeBackDrops() {
  if (changes_.expired.empty() && changes_.overflowed.empty()) return;
  // Numbers rise over all priorities: from this one on, rows are fresh ones, which never were.
  const auto number = [](int64_t key) { return key - FirstKey(PriorityOf(key)); };
  const int64_t fresh = fresh_.empty() ? kNever : number(fresh_.front()->key);
  {
    std::lock_guard lock(mutex_);
    dropped_through_ = changes_.dropped_before;
    for (const std::vector<BatchHead>* const dropped : {&changes_.expired, &changes_.overflowed}) {
      for (const BatchHead& head : *dropped) {
        if (number(head.key) < fresh) lanes_.Restore(head.key);
      }
    }
    Mark();
  }
  changes_.expired.clear();
  changes_.overflowed.clear();
  bell_.Ring();
}

void DiskQueue::OnCommitted(TimePoint began) {
  const TimePoint now = options_.now();
  if (failing_.exchange(false)) {
    Log(LogLevel::kInfo, "spool_recovered", "messages are stored and acknowledged again",
        {{"output", options_.name}});
  }
  retry_at_ = {};
  counters_.commits.Add();
  counters_.commit_us.Observe(
      static_cast<uint64_t>(duration_cast<microseconds>(now - began).count()));
  uint64_t refused = 0;
  for (const size_t i : changes_.refused) {
    refused += fresh_[i]->records.count();
    fresh_[i] = nullptr;
  }
  const bool any = !fresh_.empty();
  {
    std::lock_guard reading(reader_mutex_);  // see LoadFromDisk()
    std::lock_guard lock(mutex_);
    for (const int64_t key : changes_.settled) taken_.erase(key);
    for (Batch& batch : fresh_) {
      if (batch == nullptr) continue;
      // What came with it and matters more may have taken its place in the same transaction.
      const auto priority = static_cast<size_t>(PriorityOf(batch->key));
      if (batch->key <= dropped_through_[priority]) continue;
      counters_.stored.Add(batch->records.count());
      batch->settled = RecordSet(batch->records.count());
      lanes_.Push(std::move(batch), now);
    }
    Mark();
  }
  // Who sees that all is acknowledged finds all of it here.
  if (!tickets_.empty()) options_.on_stored(tickets_);
  tickets_.clear();
  records_.fetch_sub(refused);
  const uint64_t overflowed = refused + Forget(changes_.overflowed);
  const uint64_t expired = Forget(changes_.expired);
  const uint64_t damaged = Forget(changes_.set_aside);
  counters_.dropped_overflow.Add(overflowed);
  counters_.dropped_expired.Add(expired);
  counters_.dropped_damaged.Add(damaged);
  if (overflowed > 0) LogDropped(overflowed, "overflow: no room for more");
  if (expired > 0) LogDropped(expired, "expired: older than ttl");
  if (damaged > 0) LogDropped(damaged, "damaged: the checksum is wrong; kept aside in spool.db");
  fresh_.clear();
  growing_.fill(0);
  changes_ = {};
  Measure();
  pending_bytes_.fetch_sub(std::exchange(fresh_bytes_, 0));
  if (any) bell_.Ring();
  TellRoom();
}

// Rows that are no more. How many records they held.
uint64_t DiskQueue::Forget(const std::vector<BatchHead>& dropped) {
  uint64_t records = 0;
  for (const BatchHead& head : dropped) records += head.records;
  // A damaged row may say anything.
  records = std::min(records, records_.load());
  records_.fetch_sub(records);
  return records;
}

void DiskQueue::LogDropped(uint64_t records, const char* why) {
  if (!drop_log_.Admit(duration_cast<microseconds>(options_.now().time_since_epoch()).count()))
    return;
  Log(LogLevel::kWarning, "spool_dropped", "messages were dropped from the spool",
      {{"output", options_.name},
       {"why", why},
       {"messages", std::to_string(records)},
       {"suppressed", std::to_string(drop_log_.TakeSuppressed())}});
}

// Nothing is acknowledged, and nothing is let go of: the same again, with what settles meanwhile.
void DiskQueue::OnFailed(const absl::Status& status) {
  counters_.failures.Add();
  retry_at_ = options_.now() + kRetry;
  if (status.code() == absl::StatusCode::kDataLoss) damaged_.store(true);
  growing_.fill(0);
  // The log may be what has no room: what is copied out of it is room for what comes.
  if (file_ && !damaged_.load()) file_->EmptyLog();
  if (failing_.exchange(true)) return;  // said once until it recovers
  Log(LogLevel::kError, "spool_failed",
      status.code() == absl::StatusCode::kResourceExhausted
          ? "no room on the disk: messages for this output wait and are not acknowledged until "
            "there is"
          : "messages for this output wait and are not acknowledged; it is tried again every "
            "second",
      {{"output", options_.name},
       {"folder", folder_.path()},
       {"cause", std::string(status.message())}});
}

void DiskQueue::Measure() {
  const absl::StatusOr<int64_t> used = file_->UsedBytes();
  if (used.ok()) used_bytes_.store(static_cast<uint64_t>(*used));
  if (look_at_ == TimePoint()) limit_bytes_.store(options_.max_bytes);
}

}  // namespace sluice::spool
