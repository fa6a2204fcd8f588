// The port of an output that waits at a spool::Store: gathers a turn's records, hands them over as
// one batch.
#pragma once

#include <utility>

#include "gateway/pipeline/output_port.h"
#include "gateway/spool/store.h"

namespace sluice::pipeline {

class StorePort final : public OutputPort {
 public:
  // `store` outlives the port.
  explicit StorePort(spool::Store& store) : store_(store) {}

  bool HasRoom(uint64_t bytes) override {
    return store_.HasRoom(batch_.bytes() + bytes + kRecordOverhead);
  }
  bool HasRoomToSpare(uint64_t bytes) override {
    return store_.HasRoomToSpare(batch_.bytes() + bytes + kRecordOverhead);
  }
  bool Takes(uint64_t bytes, uint8_t priority) override {
    return store_.Takes(batch_.bytes() + bytes + kRecordOverhead, priority);
  }
  bool refuses() const override { return store_.refuses(); }
  void Append(const spool::RecordView& record) override { batch_.Append(record); }
  void Flush() override {
    if (!batch_.empty()) batch_ = store_.Append(std::move(batch_));
  }

 private:
  static constexpr uint64_t kRecordOverhead = 512;  // fixed members, and some for each property

  spool::Store& store_;
  spool::RecordBatch batch_;
};

}  // namespace sluice::pipeline
