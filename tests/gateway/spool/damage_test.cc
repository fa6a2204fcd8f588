// What a torn, cut or flipped file does: damage is reported, the rest is delivered, the file is
// kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "tests/gateway/spool/spool_fixture.h"

namespace sluice::spool {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class DamageTest : public SpoolTest {
 protected:
  // A file of several hundred pages, closed in good order.
  void FillAndClose() {
    Open();
    for (int i = 0; i < 60; ++i) AppendStored(10, 5, 1500);
    queue_.reset();
  }
  template <typename Condition>
  bool Becomes(const Condition& is_true) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!is_true() && std::chrono::steady_clock::now() < end)
      bell_.WaitUntil(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
    return is_true();
  }
  static void Erase(const std::string& path, uint64_t offset, size_t bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(std::string(bytes, '\0').data(), static_cast<std::streamsize>(bytes));
    ASSERT_TRUE(file) << path;
  }
  bool Kept(const std::string& name) const { return fs::exists(options_.folder + "/" + name); }
};

TEST_F(DamageTest, AFlippedBitInARowCostsThatRowAlone) {
  FillAndClose();
  // Far into the file: content of a row, which SQLite does not check.
  Damage(file(), fs::file_size(file()) / 2 + 2000);
  Open();
  const Ids all = Take();
  const Ids expected = Numbers("e1", 1, 600);
  EXPECT_EQ(all.size(), 590u);
  EXPECT_TRUE(std::includes(expected.begin(), expected.end(), all.begin(), all.end(),
                            [](const std::string& a, const std::string& b) {
                              return std::stoi(a.substr(3)) < std::stoi(b.substr(3));
                            }));
  Settle(all);
  EXPECT_TRUE(queue_->Stop());
  EXPECT_EQ(queue_->counters().dropped_damaged.Get(), 10u);
  EXPECT_EQ(queue_->records(), 0u);
  // It is kept, and does not come up again.
  Reopen();
  EXPECT_THAT(Take(), IsEmpty());
  absl::StatusOr<SpoolFile> file = SpoolFile::Open(this->file(), Database::Mode::kReadOnly);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*file->DamagedRows(), 1);
}

// What a row says of itself is read before its checksum is.
TEST_F(DamageTest, ARowThatClaimsImpossibleRecordsIsSetAside) {
  for (const char* const records : {"-1", "4611686018427387904"}) {
    options_.folder = root_ + "/claims" + records;
    last_ = 0;
    Reopen();
    for (int i = 0; i < 3; ++i) AppendStored(2);
    queue_.reset();
    {
      absl::StatusOr<Database> database = Database::Open(file(), Database::Mode::kReadWrite);
      ASSERT_TRUE(database.ok()) << database.status();
      const std::string sql = std::string("UPDATE batch SET records = ") + records +
                              " WHERE key = (SELECT min(key) FROM batch)";
      ASSERT_TRUE(database->Execute(sql.c_str()).ok());
    }
    Reopen();
    EXPECT_LE(queue_->records(), 10u);
    EXPECT_EQ(Take(), Numbers("e1", 3, 6));
    EXPECT_TRUE(queue_->Stop());
    absl::StatusOr<SpoolFile> file = SpoolFile::Open(this->file(), Database::Mode::kReadOnly);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(*file->DamagedRows(), 1);
  }
}

// Its rows on the disk are gone with the log; those in memory are written again.
TEST_F(DamageTest, WhatWaitsInMemoryIsWrittenAgainWhenTheFileIsReplaced) {
  FillAndClose();
  Open();
  AppendStored(10);
  AppendStored(10);
  Damage(file(), 4096, 8);  // the root of all rows
  // And a log that nobody can read.
  const uint64_t log_bytes = fs::file_size(file() + "-wal");
  Damage(file() + "-wal", 0, 32);
  for (uint64_t page = 56; page < log_bytes; page += 4120) Damage(file() + "-wal", page, 8);
  EXPECT_EQ(Take(4).size(), 3u) << "live ones, of the first row; then the disk is read";
  EXPECT_TRUE(Becomes([&] { return Kept("damaged-1.db"); }));
  AppendStored(1);
  EXPECT_EQ(queue_->records(), 621u);
  EXPECT_EQ(queue_->counters().dropped_damaged.Get(), 0u);
  Crash();
  Open();
  Ids expected = Numbers("e1", 1, 600);  // and not the row that was under way
  const Ids later = Numbers("e1", 611, 621);
  expected.insert(expected.end(), later.begin(), later.end());
  EXPECT_EQ(Take(), expected);
}

TEST_F(DamageTest, WhatIsLostWhileItRunsIsCounted) {
  FillAndClose();
  Open();
  Damage(file(), 4096, 8);
  for (uint64_t page = 40; page < fs::file_size(file()) / 4096; page += 30)
    Damage(file(), page * 4096, 200);
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_TRUE(Becomes([&] { return Kept("damaged-1.db"); }));
  AppendStored(1);
  const Ids left = Take();
  EXPECT_GT(left.size(), 1u);
  EXPECT_LT(left.size(), 600u);
  EXPECT_EQ(queue_->records(), left.size());
  EXPECT_EQ(queue_->counters().dropped_damaged.Get(), 601 - left.size());
  Settle(left);
  EXPECT_EQ(queue_->records(), 0u);
}

// A walk over the rows does not read a long row's content: it is the consumer who meets the damage.
TEST_F(DamageTest, TornContentOfALongRowCostsThatRowAlone) {
  Open();
  for (int i = 0; i < 6; ++i) AppendStored(1, 5, 200'000);
  queue_.reset();
  Erase(file(), uint64_t{70} * 4096, 4096);  // between the ends of two of them
  Open();
  EXPECT_FALSE(Kept("damaged-1.db"));
  Ids taken = Take();
  EXPECT_TRUE(Becomes([&] { return Kept("damaged-1.db") && !queue_->failing(); }));
  AppendStored(1);
  const Ids rest = Take();
  taken.insert(taken.end(), rest.begin(), rest.end());
  EXPECT_EQ(taken.size(), 6u);
  EXPECT_THAT(taken, testing::Contains("e1-7"));
  EXPECT_EQ(queue_->counters().dropped_damaged.Get(), 1u);
  Settle(taken);
  AwaitIdle();
  EXPECT_EQ(queue_->records(), 0u);
  EXPECT_FALSE(Kept("damaged-2.db"));
  Reopen();
  EXPECT_THAT(Take(), IsEmpty());
}

// Also when its replacement fails: nothing is acknowledged until there is one.
TEST_F(DamageTest, AFileThatCannotBeReplacedIsTriedAgain) {
  FillAndClose();
  Open();
  Damage(file(), 4096, 8);  // the root of all rows
  const std::string in_the_way = options_.folder + "/salvaged.db";
  fs::create_directory(in_the_way);
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_TRUE(Becomes([&] { return queue_->failing(); }));
  const uint32_t last = Append(1);
  EXPECT_TRUE(Becomes([&] { return queue_->counters().failures.Get() >= 2; }));
  EXPECT_GT(queue_->pending_bytes(), 0u);
  fs::remove(in_the_way);
  EXPECT_TRUE(Stored(last));
  EXPECT_TRUE(Kept("damaged-1.db"));
  AwaitIdle();
  EXPECT_EQ(Take().size(), 601u);
}

TEST_F(DamageTest, AFileThatCannotBeReplacedDoesNotHoldUpTheEnd) {
  FillAndClose();
  Open();
  Damage(file(), 4096, 8);  // the root of all rows
  fs::create_directory(options_.folder + "/salvaged.db");
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_TRUE(Becomes([&] { return queue_->failing(); }));
  Append(1);
  EXPECT_FALSE(queue_->Stop());
}

TEST_F(DamageTest, ATornTreeIsReplacedByWhatCanBeRead) {
  FillAndClose();
  // Every page but the first 40: rows before are read from the front.
  const uint64_t size = fs::file_size(file());
  for (uint64_t page = 100; page < size / 4096; page += 30) Damage(file(), page * 4096, 200);
  Open();
  Ids left = Take();
  EXPECT_GT(left.size(), 0u);
  // Those behind the first that is torn come when the file has been replaced.
  EXPECT_TRUE(Becomes([&] { return Kept("damaged-1.db"); }));
  AppendStored(1);
  const Ids rest = Take();
  left.insert(left.end(), rest.begin(), rest.end());
  EXPECT_GT(left.size(), 500u);
  EXPECT_LT(left.size(), 601u);
  EXPECT_THAT(left, testing::Contains("e1-601"));
  EXPECT_EQ(queue_->counters().dropped_damaged.Get(), 601 - left.size());
}

TEST_F(DamageTest, ACutFileIsKeptAndWhatIsLeftOfItDelivered) {
  FillAndClose();
  const uint64_t size = fs::file_size(file());
  fs::resize_file(file(), size / 2);
  Open();
  Ids taken = Take();
  EXPECT_TRUE(Kept("damaged-1.db"));
  EXPECT_EQ(fs::file_size(options_.folder + "/damaged-1.db"), size / 2);
  // Of 60 rows, those whose pages are all in the first half.
  EXPECT_GE(taken.size(), 270u);
  EXPECT_LE(taken.size(), 310u);
  Reopen();
  EXPECT_EQ(Take(), taken);
  EXPECT_FALSE(Kept("damaged-2.db"));
}

TEST_F(DamageTest, WhatIsNoDatabaseIsKeptAndReplaced) {
  FillAndClose();
  Damage(file(), 0, 4096);
  Open();
  EXPECT_TRUE(Kept("damaged-1.db"));
  // One page of many: all rows are found without it.
  EXPECT_EQ(Take(), Numbers("e1", 1, 600));
  AppendStored(1);
  EXPECT_THAT(Take(), ElementsAre("e1-601"));
  queue_.reset();
  Damage(file(), 0, 100);
  Open();
  EXPECT_TRUE(Kept("damaged-2.db"));
}

TEST_F(DamageTest, WhatIsSettledStaysSettledWhenAFileIsReplaced) {
  Open();
  for (int i = 0; i < 20; ++i) AppendStored(10, 5, 1500);
  const Ids taken = Take();
  Settle(Ids(taken.begin(), taken.begin() + 55));
  queue_.reset();
  Damage(file(), 0, 16);  // no more: the list of free pages stands behind
  Reopen();
  EXPECT_TRUE(Kept("damaged-1.db"));
  EXPECT_EQ(queue_->records(), 145u);
  EXPECT_EQ(Take(), Numbers("e1", 56, 200));
}

// SQLite stops at the first damaged frame of its log and says nothing.
TEST_F(DamageTest, ADamagedFrameInTheMiddleOfTheLogCostsItsOwnRowsAlone) {
  Open();
  for (int i = 0; i < 30; ++i) AppendStored(4, 5, 1500);
  Crash();
  const uint64_t size = fs::file_size(file() + "-wal");
  Damage(file() + "-wal", size / 2, 16);
  Open();
  EXPECT_TRUE(Kept("damaged-1.db"));
  EXPECT_TRUE(Kept("damaged-1.db-wal"));
  const size_t left = Take().size();
  EXPECT_GE(left, 112u);
  EXPECT_LE(left, 120u);
}

TEST_F(DamageTest, ALogWhoseFileIsGoneIsKeptAndRead) {
  Open();
  AppendStored(3);
  Crash();
  fs::create_directories(options_.folder);
  ASSERT_TRUE(fs::exists(file() + "-wal"));
  fs::remove(file());
  Open();
  EXPECT_TRUE(Kept("damaged-1.db-wal"));
  EXPECT_EQ(Take(), Numbers("e1", 1, 3));
}

// Wherever a process ends that replaces a damaged file, the next one ends what it began, and pairs
// no file with the log of another.
TEST_F(DamageTest, AReplacementThatWasCutShortIsEnded) {
  Open();
  for (int i = 0; i < 30; ++i) AppendStored(4, 5, 1500);
  Crash();
  Damage(file() + "-wal", fs::file_size(file() + "-wal") / 2, 16);
  const std::string image = options_.folder;
  options_.folder = image + "-whole";
  fs::copy(image, options_.folder, fs::copy_options::recursive);
  Open();
  const Ids readable = Take();
  queue_.reset();
  const std::string replacement = file();
  for (const int moved : {0, 1, 2}) {
    SCOPED_TRACE(moved);
    options_.folder = image + "-" + std::to_string(moved);
    fs::copy(image, options_.folder, fs::copy_options::recursive);
    fs::copy(replacement, options_.folder + "/replacement-1.db");
    if (moved > 0) fs::rename(file(), options_.folder + "/damaged-1.db");
    if (moved > 1) fs::rename(file() + "-wal", options_.folder + "/damaged-1.db-wal");
    Reopen();
    EXPECT_EQ(Take(), readable);
    EXPECT_TRUE(Kept("damaged-1.db"));
    EXPECT_TRUE(Kept("damaged-1.db-wal"));
    EXPECT_FALSE(Kept("damaged-2.db"));
    EXPECT_FALSE(Kept("replacement-1.db"));
  }
}

// A power cut in the middle of a commit: the log ends anywhere in its last transaction, and what
// was acknowledged before is there.
TEST_F(DamageTest, ATornTailOfTheLogCostsNothingAcknowledged) {
  Open();
  for (int i = 0; i < 5; ++i) AppendStored(10, 5, 300);
  const uint64_t before = fs::file_size(file() + "-wal");
  AppendStored(10, 5, 300);
  const uint64_t after = fs::file_size(file() + "-wal");
  ASSERT_GT(after, before);
  Crash();
  const std::string image = options_.folder;
  std::mt19937 chance(1);
  for (int i = 0; i < 30; ++i) {
    const uint64_t cut = before + chance() % (after - before);
    options_.folder = image + "-" + std::to_string(i);
    fs::copy(image, options_.folder, fs::copy_options::recursive);
    fs::resize_file(file() + "-wal", cut);
    Reopen();
    EXPECT_EQ(Take(), Numbers("e1", 1, 50)) << "cut at " << cut << " of " << after;
    EXPECT_FALSE(Kept("damaged-1.db"));
  }
}

// Whatever happens to any byte of file and log, it opens, delivers nothing that was not accepted,
// and takes new messages.
TEST_F(DamageTest, NothingThatHappensToTheFilesKeepsItFromStarting) {
  Open();
  for (int i = 0; i < 20; ++i) AppendStored(5, static_cast<uint8_t>(i % 3), 400);
  Crash();
  const std::string image = options_.folder;
  std::mt19937 chance(7);
  const Ids all = Numbers("e1", 1, 100);
  const std::set<std::string> accepted(all.begin(), all.end());
  for (int i = 0; i < 60; ++i) {
    options_.folder = image + "-" + std::to_string(i);
    fs::copy(image, options_.folder, fs::copy_options::recursive);
    const std::string victim = file() + (chance() % 2 == 0 ? "" : "-wal");
    const uint64_t size = fs::file_size(victim);
    switch (chance() % 3) {
      case 0:
        fs::resize_file(victim, chance() % size);
        break;
      case 1:
        Damage(victim, chance() % (size - 64), 1 + chance() % 64);
        break;
      case 2: {
        const uint64_t page = chance() % (size / 4096 + 1) * 4096;
        Damage(victim, std::min(page, size - 4096), 4096);
        break;
      }
    }
    SCOPED_TRACE(testing::Message() << victim << " round " << i);
    last_ = 1000;
    Reopen();
    if (HasFatalFailure()) return;
    for (const std::string& id : Take()) EXPECT_TRUE(accepted.contains(id)) << id;
    AppendStored(1);
    const Ids next = Take();
    EXPECT_TRUE(std::find(next.begin(), next.end(), "e1-1001") != next.end());
  }
}

}  // namespace
}  // namespace sluice::spool
