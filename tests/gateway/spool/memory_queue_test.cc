#include "gateway/spool/memory_queue.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::spool {
namespace {

class MemoryQueueTest : public testing::Test {
 protected:
  RecordView Record(uint64_t id, uint8_t priority, std::string_view body = "{}") {
    RecordView record;
    record.id = id;
    record.priority = priority;
    record.topic = "t";
    record.body = body;
    return record;
  }

  // Appends a batch of (id, priority).
  void Append(std::vector<std::pair<uint64_t, uint8_t>> records) {
    RecordBatch batch;
    for (const auto& [id, priority] : records) batch.Append(Record(id, priority));
    queue_.Append(std::move(batch));
  }

  std::vector<uint64_t> TakeAll() {
    std::vector<uint64_t> ids;
    Receipt receipt;
    while (const RecordView* view = queue_.Take(&receipt)) {
      EXPECT_EQ(view->id, receipt.id);
      ids.push_back(view->id);
      receipts_.push_back(receipt);
    }
    return ids;
  }

  int rooms_ = 0;
  Doorbell bell_;
  MemoryQueue queue_{{.max_bytes = 1000, .on_room = [this] { ++rooms_; }}, bell_};
  std::vector<Receipt> receipts_;
};

TEST_F(MemoryQueueTest, GivesTheLowestPriorityNumberFirstAndKeepsOrderWithinIt) {
  EXPECT_FALSE(queue_.HasRecords());
  Append({{1, 5}, {2, 5}, {3, 0}, {4, 5}, {5, 9}});
  Append({{6, 0}, {7, 5}, {8, 1}});
  EXPECT_TRUE(queue_.HasRecords());
  EXPECT_EQ(TakeAll(), (std::vector<uint64_t>{3, 6, 8, 1, 2, 4, 7, 5}));
}

TEST_F(MemoryQueueTest, AnUrgentBatchOvertakesWhatIsHalfTaken) {
  Append({{1, 5}, {2, 5}});
  Receipt receipt;
  EXPECT_EQ(queue_.Take(&receipt)->id, 1u);
  Append({{3, 2}});
  EXPECT_EQ(TakeAll(), (std::vector<uint64_t>{3, 2}));
}

TEST_F(MemoryQueueTest, ARecordTakesRoomUntilItIsSettled) {
  EXPECT_EQ(queue_.bytes(), 0u);
  Append({{1, 5}, {2, 5}});
  const uint64_t bytes = queue_.bytes();
  EXPECT_EQ(queue_.records(), 2u);
  EXPECT_GT(bytes, 0u);
  TakeAll();
  EXPECT_EQ(queue_.bytes(), bytes);
  queue_.Settle(receipts_);
  EXPECT_EQ(queue_.bytes(), 0u);
  EXPECT_EQ(queue_.records(), 0u);
}

TEST_F(MemoryQueueTest, ARefusedProducerIsToldOnceThereIsRoom) {
  const std::string body(300, 'x');
  RecordBatch batch;
  batch.Append(Record(1, 5, body));
  batch.Append(Record(2, 5, body));
  queue_.Append(std::move(batch));
  EXPECT_TRUE(queue_.HasRoom(100));
  EXPECT_FALSE(queue_.HasRoom(500));
  TakeAll();
  EXPECT_EQ(rooms_, 0);
  queue_.Settle(std::span(receipts_).first(1));
  EXPECT_EQ(rooms_, 1);
  EXPECT_TRUE(queue_.HasRoom(500));
  queue_.Settle(std::span(receipts_).last(1));
  EXPECT_EQ(rooms_, 1) << "nobody waits any more";
}

// Whoever drops takes room whenever there is some: the others would wait for ever.
TEST_F(MemoryQueueTest, AFloodOfWhatCanBeDroppedLeavesRoomForThoseThatWait) {
  uint64_t next = 1;
  const auto flood = [&] {
    while (queue_.HasRoomToSpare(RecordBatch::FootprintOf(Record(next, 5)))) Append({{next++, 5}});
  };
  flood();
  EXPECT_GT(next, 3U);
  const uint64_t kept = RecordBatch::FootprintOf(Record(0, 5));
  while (queue_.HasRoom(kept)) Append({{next++, 5}});
  TakeAll();
  for (size_t settled = 0; rooms_ == 0; ++settled) {
    ASSERT_LT(settled, 100U) << "the refused producer was never told";
    ASSERT_LT(settled, receipts_.size());
    queue_.Settle(std::span(receipts_).subspan(settled, 1));
    if (rooms_ == 0) flood();
    TakeAll();
  }
  EXPECT_TRUE(queue_.HasRoom(kept));
}

TEST_F(MemoryQueueTest, AnEmptyQueueTakesWhatIsLargerThanItself) {
  EXPECT_TRUE(queue_.HasRoom(5000));
}

TEST_F(MemoryQueueTest, EmptiedBatchesComeBackWithTheirCapacity) {
  Append({{1, 5}});
  TakeAll();
  RecordBatch batch;
  batch.Append(Record(2, 5));
  EXPECT_GT(queue_.Append(std::move(batch)).capacity(), 0u);
}

TEST_F(MemoryQueueTest, AnAppendRings) {
  Append({{1, 5}});
  bell_.WaitUntil(std::chrono::steady_clock::now() + std::chrono::hours(1));  // returns at once
}

// Several workers against one consumer: each worker's records come out once, in its order.
TEST(MemoryQueueThreadsTest, KeepsEachProducersOrder) {
  constexpr uint64_t kProducers = 3;
  constexpr uint64_t kBatches = 300;
  constexpr uint64_t kPerBatch = 7;
  Doorbell bell;
  MemoryQueue queue({}, bell);
  std::vector<std::thread> producers;
  for (uint64_t p = 0; p < kProducers; ++p) {
    producers.emplace_back([&queue, p] {
      RecordBatch batch;
      for (uint64_t i = 0; i < kBatches * kPerBatch; ++i) {
        RecordView record;
        record.id = p << 32 | i;
        record.topic = "t";
        batch.Append(record);
        if (batch.count() == kPerBatch) batch = queue.Append(std::move(batch));
      }
    });
  }
  uint64_t next[kProducers] = {};
  uint64_t taken = 0;
  const auto far = std::chrono::steady_clock::now() + std::chrono::hours(1);
  while (taken < kProducers * kBatches * kPerBatch) {
    bell.WaitUntil(far);
    Receipt receipt;
    while (const RecordView* view = queue.Take(&receipt)) {
      ASSERT_EQ(view->id & 0xffffffff, next[view->id >> 32]++);
      ++taken;
      queue.Settle({&receipt, 1});
    }
  }
  for (std::thread& producer : producers) producer.join();
  EXPECT_EQ(queue.bytes(), 0u);
}

}  // namespace
}  // namespace sluice::spool
