// Numbers of accepted messages: with the process's epoch they are their ids.
//
// Workers take blocks, so that numbering costs a locked instruction once in kBlock messages.
// Numbers left over in a block are never used.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::pipeline {

// Shared by all workers.
class Sequences {
 public:
  static constexpr uint64_t kBlock = 1024;
  uint64_t TakeBlock() { return next_.fetch_add(kBlock, std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> next_{1};
};

// One worker's.
class SequenceBlock {
 public:
  explicit SequenceBlock(Sequences& sequences) : sequences_(sequences) {}

  uint64_t Next() {
    if (left_ == 0) {
      next_ = sequences_.TakeBlock();
      left_ = Sequences::kBlock;
    }
    --left_;
    return next_++;
  }

 private:
  Sequences& sequences_;
  uint64_t next_ = 0;
  uint64_t left_ = 0;
};

}  // namespace sluice::pipeline
