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
#include <optional>
#include <string_view>
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
  // The same of a record that stands `offset` bytes into another batch, without its ticket.
  size_t AppendStored(const RecordBatch& from, size_t offset);
  void Clear() { size_ = count_ = 0; }

  bool empty() const { return size_ == 0; }
  size_t count() const { return count_; }
  size_t bytes() const { return size_; }
  size_t capacity() const { return capacity_; }

  // The records as they lie on a disk: little-endian, in the layout of kFormat.
  std::string_view data() const { return {data_.get(), size_}; }
  static constexpr uint32_t kFormat = 1;
  static constexpr size_t kMinRecordBytes = 72;  // no record is smaller
  // The batch whose data() that was: bytes of any origin, of which each length is checked. Nothing
  // if they are not exactly `count` records.
  static std::optional<RecordBatch> Restore(std::string_view data, size_t count);

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

// What is known of a record without taking it apart.
struct RecordHead {
  int64_t time_us = 0;
  uint8_t priority = 0;
  std::optional<session::AckTicket> ticket;
};

// Reads batches back. A view that it gave is valid until its next call and as long as its batch.
class RecordReader {
 public:
  // The record that begins `offset` bytes into `batch`; `*next` is where the one behind it begins,
  // batch.bytes() behind the last. `epoch` becomes the view's.
  const RecordView& Read(const RecordBatch& batch, size_t offset, size_t* next,
                         std::string_view epoch = {});

  static RecordHead HeadAt(const RecordBatch& batch, size_t offset, size_t* next);

 private:
  RecordView view_;
  std::vector<Property> properties_;  // of view_; keeps its capacity
};

}  // namespace sluice::spool
