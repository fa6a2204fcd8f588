// The Store of `ack: delivered` and `received`: bounded memory, nothing on the disk.
//
// Devices keep what is not settled, so losing this queue with its process loses nothing
// acknowledged (of `ack: delivered`). One lock a batch, never one a message.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "gateway/spool/doorbell.h"
#include "gateway/spool/store.h"

namespace sluice::spool {

class MemoryQueue final : public Store {
 public:
  struct Options {
    uint64_t max_bytes = 64 << 20;
    // Called on the consumer's thread when a refused producer may try again; may be empty.
    std::function<void()> on_room{};
  };

  // `bell` is rung when a batch came in; it outlives the queue.
  MemoryQueue(Options options, Doorbell& bell);

  bool HasRoom(uint64_t bytes) override;
  bool HasRoomToSpare(uint64_t bytes) const override;
  RecordBatch Append(RecordBatch batch) override;
  const RecordView* Take(Receipt* receipt) override;
  bool HasRecords() const override {
    return waiting_ != 0 || inbox_waits_.load(std::memory_order_acquire);
  }
  void Settle(std::span<const Receipt> receipts) override;
  bool is_durable() const override { return false; }

  // Of records appended and not settled. Any thread.
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t records() const { return records_.load(std::memory_order_relaxed); }

 private:
  static constexpr int kPriorities = 10;

  // Neighbours of one priority in one batch: usually the whole batch.
  struct Run {
    uint32_t slot;
    size_t begin;
    size_t end;
  };
  struct Slot {
    RecordBatch batch;
    uint32_t runs = 0;  // not yet taken to their end
  };

  // Refused producers are told at this level, and what can be dropped ends below it.
  uint64_t resume_bytes() const { return options_.max_bytes / 4 * 3; }
  bool Fits(uint64_t bytes, uint64_t limit) const;
  void FetchInbox();
  void Index(RecordBatch batch);
  void Release(uint32_t slot);

  const Options options_;
  Doorbell& bell_;
  std::atomic<uint64_t> bytes_{0};
  std::atomic<uint64_t> records_{0};
  std::atomic<bool> refused_{false};

  std::atomic<bool> inbox_waits_{false};  // inbox_ has something: spares the consumer the lock
  std::mutex inbox_mutex_;
  std::vector<RecordBatch> inbox_;  // guarded by inbox_mutex_
  std::vector<RecordBatch> spare_;  // guarded by inbox_mutex_: emptied batches for producers

  // The consumer's own.
  std::vector<RecordBatch> fetched_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::array<std::deque<Run>, kPriorities> runs_;
  uint32_t waiting_ = 0;  // bit p: runs_[p] has something
  RecordReader reader_;
  int64_t finished_slot_ = -1;  // its last record is in the view that Take() gave out
};

}  // namespace sluice::spool
