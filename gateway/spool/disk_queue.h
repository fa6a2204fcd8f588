// The Store of `ack: stored`: what was appended is on the disk before its tickets come back, and
// is there until it is settled, whatever ends the process.
//
// A thread of its own writes: all that came in while the last commit ran is the next one, however
// little it is. What settles rides with it, so that a message costs one row and its deletion, both
// shared with its neighbours. The consumer is given rows from memory while they are there, else
// from the disk, live ones and backlog by turns (lanes.h), and each record once a process: after a
// restart those that were taken and not settled come again, under the id that they had.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/operate/counter.h"
#include "gateway/operate/log.h"
#include "gateway/session/ack_ticket.h"
#include "gateway/spool/doorbell.h"
#include "gateway/spool/lanes.h"
#include "gateway/spool/spool_file.h"
#include "gateway/spool/spool_folder.h"
#include "gateway/spool/store.h"

namespace sluice::spool {

// What gives way when a spool is full. Priorities 0 to 2 have the last tenth of it to themselves.
enum class Overflow : uint8_t {
  kBlock,       // devices wait
  kDropOldest,  // of the lowest priority
  kDropNewest,  // what comes is refused
};

inline constexpr int kLeastUrgent = kPriorities - 1;

// How much of a spool's bytes records of a priority may fill.
constexpr uint64_t LimitFor(int priority, uint64_t bytes) {
  return priority <= 2 ? bytes : bytes / 10 * 9;
}

// What counts in a spool. Its writer counts, any thread reads.
struct SpoolCounters {
  operate::Counter commits;
  operate::Counter stored;   // records
  operate::Counter settled;  // records
  operate::Counter dropped_overflow;
  operate::Counter dropped_expired;
  operate::Counter dropped_damaged;
  operate::Counter failures;     // commits that failed and were tried again
  operate::Histogram commit_us;  // how long they took
};

class DiskQueue final : public Store {
 public:
  struct Options {
    std::string name;                        // of the output, for the log
    std::string folder;                      // made if it is missing
    std::string epoch;                       // of this process's message ids
    uint64_t max_bytes = uint64_t{1} << 30;  // of the file's pages in use
    uint64_t min_free = 0;                   // the file does not grow where the disk has less
    Overflow overflow = Overflow::kBlock;
    std::chrono::milliseconds ttl{0};  // 0: none
    // Of what is taken while both wait, in percent; the rest is live.
    uint32_t backlog_share = 25;
    std::chrono::milliseconds live_for{4'000};
    uint64_t max_memory = 64 << 20;  // one half for what is not committed, one for rows to be taken
    // All are called on the writer's thread and must not block.
    std::function<void(std::span<const session::AckTicket>)> on_stored = [](auto) {};
    std::function<void()> on_room = [] {};
    // Time and room on the disk; tests bring their own.
    std::function<Lanes::TimePoint()> now = [] { return std::chrono::steady_clock::now(); };
    std::function<int64_t()> wall_us = [] {
      return std::chrono::duration_cast<std::chrono::microseconds>(
                 std::chrono::system_clock::now().time_since_epoch())
          .count();
    };
    std::function<uint64_t(const std::string& folder)> free_bytes = FreeBytes;
    int64_t max_pages = 0;  // for tests: the file cannot grow beyond, as on a full disk
  };

  // Claims the folder, finds what an earlier process left, and starts the writer. `bell` is rung
  // when there is something to take; it outlives the queue.
  static absl::StatusOr<std::unique_ptr<DiskQueue>> Open(Options options, Doorbell& bell);
  ~DiskQueue() override;  // Stop()

  bool HasRoom(uint64_t bytes) override;
  bool HasRoomToSpare(uint64_t bytes) const override;
  bool Takes(uint64_t bytes, uint8_t priority) override;
  bool refuses() const override { return options_.overflow == Overflow::kDropNewest; }
  RecordBatch Append(RecordBatch batch) override;
  const RecordView* Take(Receipt* receipt) override;
  bool HasRecords() const override;
  void Settle(std::span<const Receipt> receipts) override;
  bool is_durable() const override { return true; }

  // Writes what was appended and settled, if the disk takes it, and ends the writer: nobody appends
  // or takes any more. Whether all of it is on the disk.
  bool Stop();

  const SpoolCounters& counters() const { return counters_; }
  // Of records accepted and not settled. Any thread.
  uint64_t records() const { return records_.load(std::memory_order_relaxed); }
  uint64_t used_bytes() const { return used_bytes_.load(std::memory_order_relaxed); }
  uint64_t max_bytes() const { return options_.max_bytes; }
  uint64_t pending_bytes() const { return pending_bytes_.load(); }  // appended, not committed
  // Arrival of the oldest, microseconds since 1970; 0 when there is none. As of the last second.
  int64_t oldest_us() const { return oldest_us_.load(std::memory_order_relaxed); }
  bool failing() const { return failing_.load(std::memory_order_relaxed); }

 private:
  using TimePoint = Lanes::TimePoint;
  using Batch = Lanes::Batch;

  enum Lane : uint8_t { kLive, kBacklog };
  // A row that the consumer is in.
  struct Cursor {
    Lane lane = kLive;
    Batch batch;
    size_t offset = 0;
    uint32_t index = 0;
  };
  // A row of which something was taken, until it is off the disk.
  struct Taken {
    size_t records = 0;
    RecordSet settled;
    bool touched = false;  // in touched_
  };
  enum class Load : uint8_t { kLoaded, kEmpty, kLater };
  // What one transaction changes, besides what it inserts.
  struct Changes {
    std::vector<int64_t> settled;  // rows
    std::vector<std::pair<int64_t, RecordSet>> partly;
    std::vector<int64_t> damaged;
    // Made out anew whenever it is tried again.
    std::vector<BatchHead> set_aside;
    std::vector<BatchHead> expired;
    std::vector<BatchHead> overflowed;
    std::vector<size_t> refused;  // of fresh_: nothing there matters less
    // dropped_through_ without `expired` and `overflowed`.
    std::array<int64_t, kPriorities> dropped_before{};
    bool empty() const { return settled.empty() && partly.empty() && damaged.empty(); }
  };

  DiskQueue(Options options, Doorbell& bell, SpoolFolder folder);

  // The file (disk_queue_file.cc).
  absl::Status OpenFile();
  void Recover(const Contents& contents);
  void Rebuild();
  absl::Status Reconcile();
  absl::Status InsertAgain(const std::unordered_map<int64_t, const StoredBatch*>& rows);

  // Producers.
  bool FitsInMemory(uint64_t bytes, uint64_t parts_of_four) const;
  bool FitsOnDisk(uint64_t bytes, uint64_t limit) const;
  // Below it, who was held back may go on, and what can be dropped is taken.
  uint64_t ResumeBytes() const;

  // The consumer's.
  Cursor* Choose();
  Load LoadRow(Lane lane, int priority);
  Load LoadFromDisk(int priority, Batch* batch);
  void Begin(Cursor* cursor, Batch batch);
  void Mark();

  // The writer's (disk_queue_writer.cc).
  void Run();
  TimePoint NextWake() const;
  void Fetch();
  void Gather(const RecordBatch& batch);
  void Look();
  void TellRoom();

  // Its transaction (disk_queue_commit.cc).
  void CollectChanges();
  void Commit();
  absl::Status WriteAll();
  absl::Status WriteSettled();
  absl::Status WriteFresh();
  absl::StatusOr<bool> MakeRoomFor(const StoredBatch& batch);
  absl::StatusOr<bool> DropOldest(int priority, int64_t before_us, std::vector<BatchHead>* dropped);
  void TakeBackDrops();
  absl::Status Expire();
  void OnCommitted(TimePoint began);
  uint64_t Forget(const std::vector<BatchHead>& dropped);
  void LogDropped(uint64_t records, const char* why);
  void OnFailed(const absl::Status& status);
  void Measure();

  const Options options_;
  const uint64_t max_pending_;
  Doorbell& bell_;  // the consumer's
  Doorbell writer_bell_;
  SpoolFolder folder_;
  SpoolCounters counters_;

  std::atomic<uint64_t> records_{0};
  std::atomic<uint64_t> pending_bytes_{0};  // appended, not committed
  std::atomic<uint64_t> used_bytes_{0};
  std::atomic<uint64_t> limit_bytes_{0};  // of used_bytes_; the floor may lower it
  std::atomic<int64_t> oldest_us_{0};
  std::atomic<bool> refused_{false};
  std::atomic<bool> failing_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> damaged_{false};      // a reader found the file torn
  std::atomic<bool> read_failed_{false};  // try again
  std::atomic<uint32_t> live_waiting_{0};
  std::atomic<uint32_t> backlog_waiting_{0};
  std::atomic<bool> settles_wait_{false};  // or damaged rows

  std::mutex inbox_mutex_;
  std::vector<RecordBatch> inbox_;  // guarded by inbox_mutex_
  std::vector<RecordBatch> spare_;  // guarded by inbox_mutex_: emptied batches for producers

  std::mutex mutex_;
  Lanes lanes_;                               // guarded by mutex_
  std::unordered_map<int64_t, Taken> taken_;  // guarded by mutex_
  std::vector<int64_t> settled_rows_;         // guarded by mutex_: to be deleted
  std::vector<int64_t> touched_;              // guarded by mutex_: partly settled since last saved
  std::vector<int64_t> damaged_rows_;         // guarded by mutex_: to be set aside
  // Guarded by mutex_: up to this key of its priority, what is not taken is dropped.
  std::array<int64_t, kPriorities> dropped_through_{};

  std::mutex reader_mutex_;
  std::optional<SpoolFile> reader_;  // guarded by reader_mutex_

  // The consumer's own.
  std::array<std::array<Cursor, kPriorities>, 2> cursors_;
  std::array<uint32_t, 2> started_{};  // bit p: cursors_[lane][p] has a row
  uint32_t turn_ = 0;
  Batch finished_;  // its last record is in the view that Take() gave out
  RecordReader records_reader_;

  // The writer's own.
  std::optional<SpoolFile> file_;
  std::vector<RecordBatch> fetched_;
  std::vector<Batch> fresh_;                   // to be inserted
  std::array<size_t, kPriorities> growing_{};  // 1 + index in fresh_ of the row that still grows
  std::vector<session::AckTicket> tickets_;
  uint64_t fresh_bytes_ = 0;  // that producers reserved for them
  Changes changes_;
  uint64_t next_number_ = 1;
  bool is_torn_ = false;  // until the file has been replaced
  TimePoint retry_at_;
  TimePoint look_at_;
  TimePoint settle_at_ = TimePoint::max();
  bool expiry_due_ = false;
  operate::LogLimiter drop_log_{0.1, 1};
  std::thread thread_;
};

}  // namespace sluice::spool
