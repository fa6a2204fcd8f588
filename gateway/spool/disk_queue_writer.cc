// The writer's side of DiskQueue: what was appended and what settled, a transaction at a time.
#include <algorithm>
#include <iterator>
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
using std::chrono::milliseconds;
using std::chrono::seconds;

// A row is read, and held in memory, as a whole.
constexpr size_t kRowBytes = size_t{256} * 1024;
constexpr size_t kRowRecords = 1024;
// What one transaction takes in: it bounds the log, and how long a ticket waits for its neighbours.
constexpr uint64_t kCommitBytes = 8 << 20;
// What settles waits so long for a commit to ride with.
constexpr milliseconds kSettleDelay{200};
constexpr seconds kRetry{1};
constexpr seconds kLook{1};
// Times before this one (2020) are of a clock that was not set: nothing expires by them.
constexpr int64_t kSaneTimeUs = 1'577'836'800'000'000;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int64_t kMaxFirstNumber = FirstKey(1) / 2;
constexpr uint64_t kRowOverhead = 128;  // of the page that it lies in
constexpr size_t kMaxSpare = 32;
constexpr size_t kMaxSpareCapacity = 1 << 20;

int64_t EndOf(int priority) { return FirstKey(priority + 1); }

}  // namespace

// Also after damage: what is in memory stays as it is.
absl::Status DiskQueue::OpenFile() {
  Contents contents;
  Salvage salvage;
  absl::StatusOr<SpoolFile> file = folder_.Open(&contents, &salvage);
  if (!file.ok()) return file.status();
  file_.emplace(*std::move(file));
  if (options_.max_pages > 0) {
    if (absl::Status s = file_->LimitPages(options_.max_pages); !s.ok()) return s;
  }
  absl::StatusOr<SpoolFile> reader = SpoolFile::Open(folder_.file(), Database::Mode::kReadOnly);
  if (!reader.ok()) return reader.status();
  {
    std::lock_guard lock(reader_mutex_);
    reader_.emplace(*std::move(reader));
  }
  if (!salvage.set_aside.empty()) {
    Log(LogLevel::kError, "spool_damaged",
        "the file was damaged: it is kept under another name, and what could be read of it goes "
        "on; "
        "check the disk",
        {{"output", options_.name},
         {"damage", salvage.damage},
         {"kept_as", salvage.set_aside},
         {"messages_read", std::to_string(salvage.records)}});
  }
  if (!thread_.joinable()) {
    std::lock_guard lock(mutex_);
    // No number twice, also when all rows of an earlier process are gone: what the file still says
    // of them must not be taken for these. Nobody writes a row a microsecond.
    next_number_ =
        static_cast<uint64_t>(std::clamp<int64_t>(options_.wall_us(), 1, kMaxFirstNumber));
    for (int p = 0; p < kPriorities; ++p) {
      const auto i = static_cast<size_t>(p);
      if (contents.rows[i] == 0) continue;
      lanes_.AddOnDisk(contents.last_keys[i]);
      next_number_ =
          std::max(next_number_, static_cast<uint64_t>(contents.last_keys[i] - FirstKey(p)) + 1);
    }
    Mark();
    records_.store(contents.records);
  }
  Measure();
  return absl::OkStatus();
}

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

// --- the transaction

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
    OnFailed(status);
  }
}

// Deletions first: what is inserted may use their pages.
absl::Status DiskQueue::WriteAll() {
  changes_.set_aside.clear();
  changes_.expired.clear();
  changes_.overflowed.clear();
  changes_.refused.clear();
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
    const absl::StatusOr<bool> found = file_->NextHead(from, EndOf(priority), &head);
    if (!found.ok()) return found.status();
    if (!*found || head.time_us >= before_us) return false;
    if (before_us != kNever && head.time_us < kSaneTimeUs) return false;
    {
      std::lock_guard lock(mutex_);
      if (taken_.contains(head.key)) continue;
    }
    const absl::StatusOr<bool> removed = file_->Remove(head.key);
    if (!removed.ok()) return removed.status();
    dropped->push_back(head);
    return true;
  }
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
  {
    std::lock_guard lock(mutex_);
    for (const BatchHead& head : dropped) {
      int64_t& through = dropped_through_[static_cast<size_t>(PriorityOf(head.key))];
      through = std::max(through, head.key);
      lanes_.DropThrough(head.key);
      // What the consumer took in the meantime will be settled.
      if (!taken_.contains(head.key)) records += head.records;
    }
    Mark();
  }
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

// --- around it

void DiskQueue::Measure() {
  const absl::StatusOr<int64_t> used = file_->UsedBytes();
  if (used.ok()) used_bytes_.store(static_cast<uint64_t>(*used));
  if (look_at_ == TimePoint()) limit_bytes_.store(options_.max_bytes);
}

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
    const absl::StatusOr<bool> found = file_->NextHead(FirstKey(p), EndOf(p), &head);
    if (!found.ok() || !*found) continue;
    oldest = oldest == 0 ? head.time_us : std::min(oldest, head.time_us);
  }
  oldest_us_.store(oldest);
  expiry_due_ = options_.ttl.count() != 0 && oldest != 0;
  // Who could not read may try again.
  if (read_failed_.exchange(false)) bell_.Ring();
  TellRoom();
}

// The file is torn: another takes its place, with what can be read of it. Where that fails there is
// no file until it is tried again.
void DiskQueue::Rebuild() {
  {
    std::lock_guard lock(reader_mutex_);
    reader_.reset();
  }
  file_.reset();
  damaged_.store(false);
  if (absl::Status s = OpenFile(); !s.ok()) {
    file_.reset();
    OnFailed(s);
    damaged_.store(true);
    return;
  }
  bell_.Ring();
}

}  // namespace sluice::spool
