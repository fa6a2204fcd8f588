#include "gateway/spool/disk_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "tests/gateway/spool/spool_fixture.h"

namespace sluice::spool {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

using DiskQueueTest = SpoolTest;

TEST_F(DiskQueueTest, GivesWhatWasStoredInOrder) {
  Open();
  AppendStored(3);
  AppendStored(2);
  EXPECT_EQ(queue_->records(), 5u);
  EXPECT_EQ(Take(), Numbers("e1", 1, 5));
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_FALSE(queue_->HasRecords());
}

TEST_F(DiskQueueTest, PriorityBeforeArrival) {
  Open();
  AppendStored(2, 5);
  EXPECT_THAT(Take(1), ElementsAre("e1-1"));
  AppendStored(1, 9);
  AppendStored(2, 0);
  EXPECT_THAT(Take(), ElementsAre("e1-4", "e1-5", "e1-2", "e1-3"));
}

TEST_F(DiskQueueTest, WhatIsNotSettledComesAgainUnderItsIdAfterACrash) {
  Open();
  AppendStored(3, 5);
  AppendStored(3, 1);
  Take(2);
  Crash();
  options_.epoch = "e2";
  Open();
  EXPECT_EQ(queue_->records(), 6u);
  AppendStored(1, 1);
  EXPECT_THAT(Take(), ElementsAre("e2-7", "e1-4", "e1-5", "e1-6", "e1-1", "e1-2", "e1-3"));
}

TEST_F(DiskQueueTest, WhatIsSettledDoesNotComeAgain) {
  Open();
  AppendStored(6);
  Take();
  Settle({"e1-1", "e1-2", "e1-5"});
  Reopen();
  EXPECT_EQ(queue_->records(), 3u);
  EXPECT_THAT(Take(), ElementsAre("e1-3", "e1-4", "e1-6"));
  Settle({"e1-4"});
  Reopen();
  EXPECT_THAT(Take(), ElementsAre("e1-3", "e1-6"));
  Settle({"e1-3", "e1-6"});
  Reopen();
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_EQ(queue_->records(), 0u);
}

TEST_F(DiskQueueTest, AnEmptySpoolDoesNotUseItsNumbersAgain) {
  Open();
  int64_t last_key = 0;
  for (int life = 0; life < 3; ++life) {
    AppendStored(2);
    const Ids taken = Take();
    ASSERT_EQ(taken.size(), 2u);
    const auto key = static_cast<int64_t>(receipts_.at(taken[0]).id);
    EXPECT_GT(key, last_key);
    EXPECT_EQ(PriorityOf(key), 5);
    last_key = key;
    Settle(taken);
    Reopen();
    EXPECT_EQ(queue_->records(), 0u);
  }
}

TEST_F(DiskQueueTest, ANumberStaysInItsPriorityWhateverTheClockSays) {
  for (const int64_t wall : {INT64_MIN, int64_t{0}, INT64_MAX}) {
    options_.folder = root_ + "/" + std::to_string(wall);
    options_.wall_us = [wall] { return wall; };
    Reopen();
    AppendStored(1, 9);
    AppendStored(1, 0);
    Reopen();
    const Ids taken = Take();
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_EQ(PriorityOf(static_cast<int64_t>(receipts_.at(taken[0]).id)), 0);
    EXPECT_EQ(PriorityOf(static_cast<int64_t>(receipts_.at(taken[1]).id)), 9);
  }
}

TEST_F(DiskQueueTest, NothingIsSettledOfARowThatIsGone) {
  std::filesystem::create_directories(options_.folder);
  absl::StatusOr<SpoolFile> file = SpoolFile::Open(this->file(), Database::Mode::kCreate);
  ASSERT_TRUE(file.ok()) << file.status();
  RecordSet settled(2);
  settled.Add(0);
  StoredBatch batch;
  batch.key = 7;
  RecordView record;
  record.device = "d";
  batch.records.Append(record);
  batch.records.Append(record);
  ASSERT_TRUE(file->SaveSettled(batch.key, settled).ok());
  ASSERT_TRUE(file->Begin().ok());
  ASSERT_TRUE(file->Insert(batch).ok());
  ASSERT_TRUE(file->Commit().ok());
  StoredBatch read;
  ASSERT_EQ(*file->Next(0, 10, &read), SpoolFile::Read::kBatch);
  EXPECT_EQ(read.settled.count(), 0u);
  ASSERT_TRUE(file->SaveSettled(batch.key, settled).ok());
  ASSERT_EQ(*file->Next(0, 10, &read), SpoolFile::Read::kBatch);
  EXPECT_EQ(read.settled.count(), 1u);
}

TEST_F(DiskQueueTest, SettlingTwiceCountsOnce) {
  Open();
  AppendStored(2);
  Take();
  Settle({"e1-1"});
  Settle({"e1-1"});
  EXPECT_EQ(queue_->records(), 1u);
}

TEST_F(DiskQueueTest, RowsThatLeftMemoryAreReadFromTheDisk) {
  options_.max_memory = 64 << 10;
  Open();
  for (int i = 0; i < 100; ++i) AppendStored(10, 5, 500);
  Ids taken = Take();
  // Two lanes by turns, each in order.
  const auto live = std::stable_partition(taken.begin(), taken.end(), [](const std::string& id) {
    return std::stoi(id.substr(3)) <= 950;
  });
  EXPECT_EQ(Ids(taken.begin(), live), Numbers("e1", 1, 950));
  EXPECT_EQ(Ids(live, taken.end()), Numbers("e1", 951, 1000));
}

TEST_F(DiskQueueTest, NewRecordsDoNotWaitBehindTheBacklog) {
  options_.max_memory = 64 << 10;
  Open();
  for (int i = 0; i < 10; ++i) AppendStored(100, 5, 500);
  Reopen();
  last_ = 5000;
  AppendStored(30);
  const Ids taken = Take(40);
  // 25 percent of the backlog: after 40, all 30 live ones are out.
  EXPECT_EQ(std::count_if(taken.begin(), taken.end(),
                          [](const std::string& id) { return std::stoi(id.substr(3)) > 5000; }),
            30);
  EXPECT_EQ(Take().size(), 990u);
}

TEST_F(DiskQueueTest, BlockHoldsBackAndTellsWhenThereIsRoom) {
  options_.max_bytes = 1 << 20;
  Open();
  int appended = 0;
  while (queue_->HasRoom(24'000)) {
    AppendStored(20, 5, 1000);
    appended += 20;
  }
  EXPECT_GT(appended, 700);
  EXPECT_LE(queue_->used_bytes(), options_.max_bytes);
  EXPECT_FALSE(queue_->HasRoomToSpare(10));
  const Ids all = Take();
  EXPECT_EQ(all.size(), static_cast<size_t>(appended));
  Settle(all);
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [&] { return rooms_ > 0; }));
  EXPECT_TRUE(queue_->HasRoom(1000));
}

TEST_F(DiskQueueTest, TheLastTenthIsForPriorities0To2) {
  for (const Overflow overflow : {Overflow::kBlock, Overflow::kDropNewest}) {
    options_.folder = root_ + "/" + std::to_string(static_cast<int>(overflow));
    options_.max_bytes = 1 << 20;
    options_.overflow = overflow;
    receipts_.clear();
    queue_.reset();
    Open();
    while (queue_->Takes(24'000, 3)) AppendStored(20, 3, 1000);
    EXPECT_GT(queue_->used_bytes(), options_.max_bytes / 10 * 8);
    EXPECT_LE(queue_->used_bytes(), options_.max_bytes / 10 * 9);
    EXPECT_TRUE(queue_->Takes(24'000, 2));
    EXPECT_TRUE(queue_->HasRoom(24'000));
    while (queue_->Takes(24'000, 2)) AppendStored(20, 2, 1000);
    EXPECT_GT(queue_->used_bytes(), options_.max_bytes / 10 * 9);
    EXPECT_LE(queue_->used_bytes(), options_.max_bytes);
    // Who refuses holds nobody back.
    EXPECT_EQ(queue_->HasRoom(24'000), overflow == Overflow::kDropNewest);
    EXPECT_EQ(queue_->refuses(), overflow == Overflow::kDropNewest);
  }
}

TEST_F(DiskQueueTest, DropOldestTakesTheLowestPriorityFirst) {
  options_.max_bytes = 1 << 20;
  options_.overflow = Overflow::kDropOldest;
  Open();
  AppendStored(100, 1, 1000);
  for (int i = 0; i < 100; ++i) AppendStored(10, 7, 1000);
  for (int i = 0; i < 50; ++i) AppendStored(10, 5, 1000);
  EXPECT_LE(queue_->used_bytes(), options_.max_bytes);
  const uint64_t dropped = queue_->counters().dropped_overflow.Get();
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(queue_->records() + dropped, 1600u);
  const Ids left = Take();
  EXPECT_EQ(left.size(), queue_->records());
  // All of 1 and 5 are there; of 7 the newest.
  EXPECT_EQ(Ids(left.begin(), left.begin() + 100), Numbers("e1", 1, 100));
  EXPECT_EQ(Ids(left.begin() + 100, left.begin() + 600), Numbers("e1", 1101, 1600));
  EXPECT_EQ(left.back(), "e1-1100");
  Reopen();
  EXPECT_EQ(Take(), left);
}

TEST_F(DiskQueueTest, DropOldestTurnsAwayWhatMattersLessThanAllThereIs) {
  options_.max_bytes = 1 << 20;
  options_.overflow = Overflow::kDropOldest;
  Open();
  // The last tenth is for 0 to 2 alone.
  while (queue_->used_bytes() < options_.max_bytes / 10 * 9) AppendStored(10, 2, 1000);
  const uint64_t before = queue_->records();
  AppendStored(5, 8, 1000);
  EXPECT_EQ(queue_->records(), before);
  EXPECT_EQ(queue_->counters().dropped_overflow.Get(), 5u);
  AppendStored(5, 2, 1000);
  EXPECT_EQ(queue_->records(), before + 5);
}

TEST_F(DiskQueueTest, WhatIsOlderThanTtlIsDroppedAndCounted) {
  options_.ttl = std::chrono::seconds(60);
  std::atomic<int64_t> wall = time_us_;
  options_.wall_us = [&wall] { return wall.load(); };
  Open();
  AppendStored(3);
  time_us_ += 30'000'000;
  AppendStored(2);
  const Ids taken = Take(1);  // under way: its row is not dropped
  wall = time_us_ + 61'000'000;
  std::unique_lock lock(mutex_);
  for (int i = 0; i < 2000 && queue_->counters().dropped_expired.Get() == 0; ++i)
    changed_.wait_for(lock, std::chrono::milliseconds(10));
  lock.unlock();
  EXPECT_EQ(queue_->counters().dropped_expired.Get(), 2u);
  EXPECT_THAT(Take(), ElementsAre("e1-2", "e1-3"));
}

TEST_F(DiskQueueTest, AFullDiskAcknowledgesNothingUntilThereIsRoom) {
  options_.max_pages = 60;
  Open();
  AppendStored(100, 5, 1000);
  const uint32_t last = Append(200, 5, 1000);
  std::unique_lock lock(mutex_);
  for (int i = 0; i < 2000 && !queue_->failing(); ++i)
    changed_.wait_for(lock, std::chrono::milliseconds(10));
  ASSERT_TRUE(queue_->failing());
  EXPECT_FALSE(stored_.contains(last));
  EXPECT_EQ(stored_.size(), 100u);
  lock.unlock();
  Crash();
  options_.max_pages = 0;
  Open();
  EXPECT_EQ(Take(), Numbers("e1", 1, 100));
  AppendStored(1);
}

TEST_F(DiskQueueTest, AFullDiskIsTriedAgain) {
  options_.max_pages = 60;
  Open();
  AppendStored(100, 5, 1000);
  const uint32_t last = Append(150, 5, 1000);
  for (int i = 0; i < 2000 && !queue_->failing(); ++i)
    bell_.WaitUntil(std::chrono::steady_clock::now() + std::chrono::milliseconds(10));
  ASSERT_TRUE(queue_->failing());
  Settle(Take());
  EXPECT_TRUE(Stored(last));
  AwaitIdle();
  EXPECT_FALSE(queue_->failing());
  EXPECT_EQ(Take(), Numbers("e1", 101, 250));
}

// What fails is rolled back, and with it what the transaction had dropped.
TEST_F(DiskQueueTest, WhatAFailedTransactionDroppedIsStillTaken) {
  options_.ttl = std::chrono::seconds(60);
  options_.max_pages = 60;
  std::atomic<int64_t> wall = time_us_;
  options_.wall_us = [&wall] { return wall.load(); };
  Open();
  AppendStored(1, 5, 100);
  time_us_ += 30'000'000;
  AppendStored(100, 5, 1000);
  wall = time_us_ + 31'000'000;  // the first has expired
  Append(300, 5, 1000);
  for (int i = 0; i < 2000 && queue_->counters().failures.Get() < 2; ++i)
    bell_.WaitUntil(std::chrono::steady_clock::now() + std::chrono::milliseconds(10));
  ASSERT_TRUE(queue_->failing());
  EXPECT_THAT(Take(), UnorderedElementsAreArray(Numbers("e1", 1, 101)));
  EXPECT_EQ(queue_->counters().dropped_expired.Get(), 0u);
}

// The oldest row is what gives way, and what the consumer takes next.
TEST_F(DiskQueueTest, WhatIsUnderWayIsNeverDropped) {
  options_.max_bytes = 1 << 20;
  options_.max_memory = 4 << 20;
  options_.overflow = Overflow::kDropOldest;
  Open();
  std::atomic<bool> done = false;
  std::thread producer([&] {
    while (!done.load()) {
      RecordBatch batch;
      const std::string body(1000, 'x');
      for (int i = 0; i < 10; ++i) {
        RecordView record;
        record.id = ++last_;
        record.device = "d";
        record.topic = "t";
        record.body = body;
        batch.Append(record);
      }
      while (!queue_->HasRoom(batch.bytes())) std::this_thread::yield();
      queue_->Append(std::move(batch));
    }
  });
  std::set<std::string> under_way;
  while (queue_->counters().dropped_overflow.Get() < 20'000) {
    const Ids taken = Take(10);
    if (taken.empty()) std::this_thread::yield();
    under_way.insert(taken.begin(), taken.end());
    // As a sender does: not all at once, and never far behind.
    if (under_way.size() < 100) continue;
    const Ids sent(under_way.begin(), under_way.end());
    Settle(sent);
    under_way.clear();
  }
  done = true;
  producer.join();
  Reopen();
  const Ids again = Take();
  const std::set<std::string> kept(again.begin(), again.end());
  for (const std::string& id : under_way) EXPECT_TRUE(kept.contains(id)) << id << " is lost";
}

// A log that grew while the disk was not full yet must not be what fills it.
TEST_F(DiskQueueTest, AFullDiskStillTakesWhatItsOwnFreePagesHold) {
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  Open();
  Ids all;
  for (int i = 0; i < 20; ++i) {
    AppendStored(20, 5, 1000);
    const Ids taken = Take();
    Settle(taken);
  }
  // No file grows beyond what the log is now.
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit full = before;
  full.rlim_cur = std::filesystem::file_size(file() + "-wal");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  const uint32_t last = Append(20, 5, 1000);
  EXPECT_TRUE(Stored(last));
  AwaitIdle();
  EXPECT_GE(queue_->counters().failures.Get(), 1u);
  EXPECT_FALSE(queue_->failing());
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, ignored);
}

TEST_F(DiskQueueTest, TwoProcessesNeverShareIt) {
  Open();
  Doorbell bell;
  const auto second = DiskQueue::Open(options_, bell);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another process"));
}

TEST_F(DiskQueueTest, NobodyElseMayRead) {
  Open();
  AppendStored(1);
  struct stat status {};
  ASSERT_EQ(::stat(options_.folder.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder)) {
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST_F(DiskQueueTest, StopStoresWhatWasAppended) {
  Open();
  Append(500);
  EXPECT_TRUE(queue_->Stop());
  Reopen();
  EXPECT_EQ(Take(), Numbers("e1", 1, 500));
}

// A random life against a naive model: what was acknowledged and not settled comes, in order, once
// a process, under the id that it had, whatever ends the process.
TEST_F(DiskQueueTest, KeepsItsPromisesOverRandomLives) {
  std::mt19937 chance(4);
  const auto below = [&chance](uint32_t n) { return chance() % n; };
  options_.max_memory = 32 << 10;
  struct Model {
    int priority = 0;
    bool settled = false;         // the store was told
    bool settled_before = false;  // and has closed in good order since
  };
  std::map<std::string, Model> model;
  std::map<std::string, uint32_t> number;
  Ids under_way;
  for (int life = 0; life < 12; ++life) {
    options_.epoch = "e" + std::to_string(life);
    Open();
    std::set<std::string> taken;
    std::map<int, std::vector<uint32_t>> backlog_order;
    const uint32_t first_of_life = last_ + 1;
    under_way.clear();
    const auto take = [&](size_t count) {
      for (const std::string& id : Take(count)) {
        ASSERT_TRUE(model.contains(id)) << id;
        EXPECT_TRUE(taken.insert(id).second) << id << " came twice in life " << life;
        EXPECT_FALSE(model[id].settled_before) << id;
        if (number[id] < first_of_life) backlog_order[model[id].priority].push_back(number[id]);
        under_way.push_back(id);
      }
    };
    for (int step = 0; step < 60; ++step) {
      switch (below(4)) {
        case 0:
        case 1: {
          const auto priority = static_cast<uint8_t>(below(10));
          const uint32_t before = last_;
          AppendStored(static_cast<int>(1 + below(40)), priority, below(600));
          for (uint32_t n = before + 1; n <= last_; ++n) {
            const std::string id = options_.epoch + "-" + std::to_string(n);
            model[id].priority = priority;
            number[id] = n;
          }
          break;
        }
        case 2:
          take(below(100));
          break;
        case 3: {
          std::shuffle(under_way.begin(), under_way.end(), chance);
          const size_t count = below(static_cast<uint32_t>(under_way.size() + 1));
          const Ids some(under_way.end() - static_cast<std::ptrdiff_t>(count), under_way.end());
          under_way.resize(under_way.size() - count);
          Settle(some);
          for (const std::string& id : some) model[id].settled = true;
          break;
        }
      }
    }
    take(SIZE_MAX);
    // All that was never settled came in this life.
    for (const auto& [id, record] : model) {
      if (!record.settled) {
        EXPECT_TRUE(taken.contains(id)) << id << " is lost in life " << life;
      }
    }
    for (const auto& [priority, numbers] : backlog_order)
      EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end())) << priority;
    if (below(2) == 0) {
      Crash();
    } else {
      queue_.reset();
      for (auto& [id, record] : model) record.settled_before = record.settled;
    }
  }
}

}  // namespace
}  // namespace sluice::spool
