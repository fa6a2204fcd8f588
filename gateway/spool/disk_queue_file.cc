// The file of DiskQueue: opened at the start, and again when it turns out to be torn.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

#include "gateway/spool/disk_queue.h"

namespace sluice::spool {
namespace {

constexpr int64_t kMaxFirstNumber = FirstKey(1) / 2;

}  // namespace

absl::Status DiskQueue::OpenFile() {
  Contents contents;
  Salvage salvage;
  absl::StatusOr<SpoolFile> file = folder_.Open(&contents, &salvage, is_torn_);
  if (!file.ok()) return file.status();
  is_torn_ = false;
  file_.emplace(*std::move(file));
  if (options_.max_pages > 0) {
    if (absl::Status s = file_->LimitPages(options_.max_pages); !s.ok()) return s;
  }
  if (!salvage.set_aside.empty()) {
    operate::Log(operate::LogLevel::kError, "spool_damaged",
                 "the file was damaged: it is kept under another name, and what could be read of "
                 "it goes on; check the disk",
                 {{"output", options_.name},
                  {"damage", salvage.damage},
                  {"kept_as", salvage.set_aside},
                  {"messages_read", std::to_string(salvage.records)}});
  }
  if (!thread_.joinable()) {
    Recover(contents);
  } else if (absl::Status s = Reconcile(); !s.ok()) {
    return s;
  }
  absl::StatusOr<SpoolFile> reader = SpoolFile::Open(folder_.file(), Database::Mode::kReadOnly);
  if (!reader.ok()) return reader.status();
  {
    std::lock_guard lock(reader_mutex_);
    reader_.emplace(*std::move(reader));
  }
  Measure();
  return absl::OkStatus();
}

// What an earlier process left.
void DiskQueue::Recover(const Contents& contents) {
  std::lock_guard lock(mutex_);
  // No number twice, also when all rows of an earlier process are gone: what the file still says
  // of them must not be taken for these. Nobody writes a row a microsecond.
  next_number_ = static_cast<uint64_t>(std::clamp<int64_t>(options_.wall_us(), 1, kMaxFirstNumber));
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

// The file is torn: another takes its place, with what can be read of it. Where that fails there is
// no file until it is tried again. Whether a walk over its rows finds anything wrong is not asked:
// the pages of a long row's content are not on its way.
void DiskQueue::Rebuild() {
  if (file_) is_torn_ = true;  // else an earlier attempt knows
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

// Another file has taken the torn one's place in mid-life. Rows that wait in memory and are not in
// it are written again; rows that were on the disk alone and are not in it are lost, and counted.
// What is under way is in other hands: it is not written again, and settles as ever.
absl::Status DiskQueue::Reconcile() {
  std::vector<BatchHead> heads;
  if (absl::Status s = file_->Walk([&heads](const BatchHead& head) { heads.push_back(head); });
      !s.ok())
    return s;

  std::scoped_lock lock(inbox_mutex_, mutex_);
  uint64_t known = 0;
  for (const RecordBatch& batch : inbox_) known += batch.count();
  for (const Batch& batch : fresh_) known += batch->records.count();
  for (const auto& [key, taken] : taken_) known += taken.records - taken.settled.count();
  std::unordered_map<int64_t, const StoredBatch*> missing;
  lanes_.ForEach([&](const StoredBatch& batch) {
    known += batch.records.count() - batch.settled.count();
    missing.emplace(batch.key, &batch);
  });
  for (const BatchHead& head : heads) {
    if (missing.erase(head.key) > 0 || taken_.contains(head.key)) continue;
    const int priority = PriorityOf(head.key);
    const Lanes::Range disk = lanes_.OnDisk(priority);
    if (head.key >= disk.next && head.key < disk.end &&
        head.key > dropped_through_[static_cast<size_t>(priority)]) {
      known += head.records;
    } else {
      changes_.settled.push_back(head.key);  // long ago: it has come back with a torn page
    }
  }
  if (absl::Status s = InsertAgain(missing); !s.ok()) return s;
  const uint64_t before = records_.exchange(known);
  if (before <= known) return absl::OkStatus();
  counters_.dropped_damaged.Add(before - known);
  operate::Log(operate::LogLevel::kError, "spool_lost",
               "messages could not be read from the damaged file and are in no other place",
               {{"output", options_.name}, {"messages", std::to_string(before - known)}});
  return absl::OkStatus();
}

absl::Status DiskQueue::InsertAgain(const std::unordered_map<int64_t, const StoredBatch*>& rows) {
  if (rows.empty()) return absl::OkStatus();
  absl::Status status = file_->Begin();
  for (auto row = rows.begin(); status.ok() && row != rows.end(); ++row)
    status = file_->Insert(*row->second);
  if (status.ok()) status = file_->Commit();
  if (!status.ok()) file_->Rollback();
  return status;
}

}  // namespace sluice::spool
