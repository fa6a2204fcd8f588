// One-line verbs for tests of the spool on the disk.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/spool/disk_queue.h"

namespace sluice::spool {

// Ids of records as the far side sees them.
using Ids = std::vector<std::string>;

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-spool-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    options_.name = "hub";
    options_.folder = root_ + "/spool/hub";
    options_.epoch = "e1";
    options_.on_stored = [this](std::span<const session::AckTicket> tickets) {
      std::lock_guard lock(mutex_);
      for (const session::AckTicket& ticket : tickets) stored_.insert(ticket.sequence);
      changed_.notify_all();
    };
    options_.on_room = [this] {
      std::lock_guard lock(mutex_);
      ++rooms_;
      changed_.notify_all();
    };
  }
  ~SpoolTest() override {
    queue_.reset();
    std::filesystem::remove_all(root_);
  }

  void Open() {
    absl::StatusOr<std::unique_ptr<DiskQueue>> queue = DiskQueue::Open(options_, bell_);
    ASSERT_TRUE(queue.ok()) << queue.status();
    queue_ = *std::move(queue);
  }
  void Reopen() {
    queue_.reset();
    receipts_.clear();
    Open();
  }
  // As after kill -9: the files as they are now, in another folder, under the next epoch.
  void Crash() {
    const std::string copy = root_ + "/crash-" + std::to_string(++crashes_);
    std::filesystem::create_directories(copy);
    for (const auto& file : std::filesystem::directory_iterator(options_.folder)) {
      const std::string name = file.path().filename().string();
      // Shared memory does not survive the machine, and SQLite makes it anew.
      if (name.ends_with("-shm") || name == "lock") continue;
      std::filesystem::copy(file.path(), copy / file.path().filename());
    }
    queue_.reset();
    receipts_.clear();
    options_.folder = copy;
  }

  // Numbers go on from 1. The batch is one turn of a worker's.
  uint32_t Append(int count, uint8_t priority = 5, size_t body_bytes = 20) {
    RecordBatch batch;
    const std::string body(body_bytes, 'x');
    for (int i = 0; i < count; ++i) {
      RecordView record;
      record.id = ++last_;
      record.time_us = time_us_;
      record.priority = priority;
      record.device = "d";
      record.topic = "t";
      record.body = body;
      record.ticket = session::AckTicket{1, 2, 3, last_};
      batch.Append(record);
    }
    queue_->Append(std::move(batch));
    return last_;
  }
  // Waits until the ticket of number `last` came back.
  bool Stored(uint32_t last) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20),
                             [&] { return stored_.contains(last); });
  }
  void AppendStored(int count, uint8_t priority = 5, size_t body_bytes = 20) {
    ASSERT_TRUE(Stored(Append(count, priority, body_bytes)));
    AwaitIdle();
  }
  // Tickets leave a moment before the consumer is told: the count that follows both.
  void AwaitIdle() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (queue_->pending_bytes() != 0 && std::chrono::steady_clock::now() < end)
      bell_.WaitUntil(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    ASSERT_EQ(queue_->pending_bytes(), 0u);
  }

  // At most `count`; what there is.
  Ids Take(size_t count = SIZE_MAX) {
    Ids ids;
    Receipt receipt;
    while (ids.size() < count) {
      const RecordView* const view = queue_->Take(&receipt);
      if (view == nullptr) break;
      ids.push_back(std::string(view->epoch) + "-" + std::to_string(view->id));
      EXPECT_FALSE(view->ticket.has_value());
      receipts_[ids.back()] = receipt;
    }
    return ids;
  }
  void Settle(const Ids& ids) {
    std::vector<Receipt> receipts;
    for (const std::string& id : ids) receipts.push_back(receipts_.at(id));
    queue_->Settle(receipts);
  }

  static Ids Numbers(const std::string& epoch, uint32_t first, uint32_t last) {
    Ids ids;
    for (uint32_t n = first; n <= last; ++n) ids.push_back(epoch + "-" + std::to_string(n));
    return ids;
  }

  std::string file() const { return SpoolFolder::FileIn(options_.folder); }
  // Turns a byte of a file over.
  static void Damage(const std::string& path, uint64_t offset, size_t bytes = 1) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file) << path;
    for (size_t i = 0; i < bytes; ++i) {
      file.seekg(static_cast<std::streamoff>(offset + i));
      const int old = file.get();
      file.seekp(static_cast<std::streamoff>(offset + i));
      file.put(static_cast<char>(~old));
    }
  }

  std::string root_;
  DiskQueue::Options options_;
  Doorbell bell_;
  std::unique_ptr<DiskQueue> queue_;
  std::map<std::string, Receipt> receipts_;
  int64_t time_us_ = 1'800'000'000'000'000;
  uint32_t last_ = 0;
  int crashes_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<uint32_t> stored_;  // guarded by mutex_
  int rooms_ = 0;              // guarded by mutex_
};

}  // namespace sluice::spool
