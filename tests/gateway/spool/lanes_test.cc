#include "gateway/spool/lanes.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::spool {
namespace {

using namespace std::chrono_literals;

class LanesTest : public testing::Test {
 protected:
  Lanes::Batch Row(int64_t key, size_t body = 100) {
    auto batch = std::make_unique<StoredBatch>();
    batch->key = key;
    const std::string text(body, 'x');
    RecordView record;
    record.body = text;
    batch->records.Append(record);
    return batch;
  }
  int64_t LiveKey(int priority, Lanes::TimePoint now) {
    const Lanes::Batch batch = lanes_.TakeLive(priority, now);
    return batch == nullptr ? -1 : batch->key;
  }
  int64_t AgedKey(int priority) {
    const Lanes::Batch batch = lanes_.TakeAged(priority);
    return batch == nullptr ? -1 : batch->key;
  }

  const Lanes::TimePoint start_{1h};
  Lanes lanes_{4s, 1000};
};

TEST_F(LanesTest, ARowIsLiveUntilItHasWaitedTooLong) {
  lanes_.Push(Row(FirstKey(5) + 1), start_);
  lanes_.Push(Row(FirstKey(5) + 2), start_ + 3s);
  EXPECT_EQ(lanes_.live(), 1u << 5);
  EXPECT_EQ(lanes_.backlog(), 0u);
  EXPECT_EQ(LiveKey(5, start_ + 5s), FirstKey(5) + 2);
  EXPECT_EQ(lanes_.live(), 0u);
  EXPECT_EQ(lanes_.backlog(), 1u << 5);
  EXPECT_EQ(AgedKey(5), FirstKey(5) + 1);
  EXPECT_EQ(lanes_.backlog(), 0u);
}

TEST_F(LanesTest, TheOldestOfTheLowestPriorityLeavesMemoryFirst) {
  for (int i = 1; i <= 3; ++i) lanes_.Push(Row(FirstKey(1) + i), start_);
  for (int i = 1; i <= 4; ++i) lanes_.Push(Row(FirstKey(7) + i), start_);
  EXPECT_LE(lanes_.bytes(), 1000u);
  EXPECT_TRUE(lanes_.OnDisk(1).empty());
  EXPECT_EQ(lanes_.OnDisk(7).next, FirstKey(7));
  const int64_t end = lanes_.OnDisk(7).end;
  EXPECT_GT(end, FirstKey(7) + 1);
  EXPECT_EQ(LiveKey(7, start_), end);  // the next one is still here
}

TEST_F(LanesTest, WhatIsOnTheDiskComesBeforeWhatAgedInMemory) {
  lanes_.AddOnDisk(FirstKey(3) + 9);
  EXPECT_EQ(lanes_.backlog(), 1u << 3);
  lanes_.Push(Row(FirstKey(3) + 10), start_);
  EXPECT_EQ(LiveKey(3, start_ + 9s), -1);
  lanes_.Advance(3, FirstKey(3) + 10);
  EXPECT_TRUE(lanes_.OnDisk(3).empty());
  EXPECT_EQ(lanes_.backlog(), 1u << 3);
  EXPECT_EQ(AgedKey(3), FirstKey(3) + 10);
  EXPECT_EQ(lanes_.backlog(), 0u);
}

TEST_F(LanesTest, DroppedRowsAreNowhere) {
  lanes_.AddOnDisk(FirstKey(9) + 2);
  lanes_.Push(Row(FirstKey(9) + 3), start_);
  lanes_.Push(Row(FirstKey(9) + 4), start_);
  lanes_.DropThrough(FirstKey(9) + 3);
  EXPECT_TRUE(lanes_.OnDisk(9).empty());
  EXPECT_EQ(LiveKey(9, start_), FirstKey(9) + 4);
  EXPECT_EQ(lanes_.bytes(), 0u);
}

}  // namespace
}  // namespace sluice::spool
