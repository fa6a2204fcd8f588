// The records of one loop turn, one behind the other in one buffer that moves from worker to
// output.
//
// Appending copies a message once and allocates nothing once the buffer has grown to the turn's
// usual size: give batches back (MemoryQueue::Append returns an empty one) instead of making new
// ones. A batch belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/spool/record.h"

namespace sluice::spool {

class RecordBatch {
 public:
  RecordBatch() = default;
  RecordBatch(RecordBatch&& other) noexcept;
  RecordBatch& operator=(RecordBatch&& other) noexcept;

  // Copies all that `record` views. Returns the bytes that it takes here.
  size_t Append(const RecordView& record);
  void Clear() { size_ = count_ = 0; }

  bool empty() const { return size_ == 0; }
  size_t count() const { return count_; }
  size_t bytes() const { return size_; }
  size_t capacity() const { return capacity_; }

  // What Append() would take, for a reservation before anything is copied.
  static size_t FootprintOf(const RecordView& record);

 private:
  friend class RecordReader;

  char* Extend(size_t bytes);

  std::unique_ptr<char[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
  size_t count_ = 0;
};

// Reads batches back. A view that it gave is valid until its next call and as long as its batch.
class RecordReader {
 public:
  // The record that begins `offset` bytes into `batch`; `*next` is where the one behind it begins,
  // batch.bytes() behind the last.
  const RecordView& Read(const RecordBatch& batch, size_t offset, size_t* next);

  // Only the priority, without taking the record apart.
  static uint8_t PriorityAt(const RecordBatch& batch, size_t offset, size_t* next);

 private:
  RecordView view_;
  std::vector<Property> properties_;  // of view_; keeps its capacity
};

}  // namespace sluice::spool
