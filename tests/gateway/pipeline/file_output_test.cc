#include "gateway/pipeline/file_output.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <set>
#include <string>

namespace sluice::pipeline {
namespace {

class FileOutputTest : public testing::Test {
 protected:
  FileOutputTest() {
    char folder[] = "/tmp/file_output_test.XXXXXX";
    folder_ = ::mkdtemp(folder);
  }
  ~FileOutputTest() override {
    output_.reset();
    ::unlink(Path().c_str());
    ::rmdir(folder_.c_str());
  }

  std::string Path() const { return folder_ + "/out.jsonl"; }

  absl::Status Open(const std::string& path) {
    FileOutput::Options options;
    options.name = "log";
    options.path = path;
    options.epoch = "e1";
    options.on_settled = [this](std::span<const session::AckTicket> tickets) {
      const std::lock_guard lock(mutex_);
      for (const session::AckTicket& ticket : tickets) settled_.insert(ticket.sequence);
      changed_.notify_all();
    };
    auto output = FileOutput::Open(std::move(options));
    if (!output.ok()) return output.status();
    output_ = *std::move(output);
    return absl::OkStatus();
  }

  void Append(OutputPort& port, uint32_t number, bool with_ticket = true) {
    const std::string body = "{\"n\":" + std::to_string(number) + "}";
    spool::RecordView record;
    record.id = number;
    record.topic = "t";
    record.body = body;
    record.body_is_json = true;
    if (with_ticket) record.ticket = session::AckTicket{0, 0, 0, number};
    port.Append(record);
  }

  bool WaitForSettled(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30),
                             [&] { return settled_.size() >= count; });
  }

  std::vector<std::string> Lines() const {
    std::ifstream file(Path());
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  std::string folder_;
  std::unique_ptr<FileOutput> output_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<uint32_t> settled_;
};

TEST_F(FileOutputTest, SettlesWhatIsWritten) {
  ASSERT_TRUE(Open(Path()).ok());
  const std::unique_ptr<OutputPort> port = output_->NewPort();
  for (uint32_t i = 1; i <= 1'000; ++i) {
    ASSERT_TRUE(port->HasRoom(100));
    Append(*port, i);
    if (i % 10 == 0) port->Flush();
  }
  ASSERT_TRUE(WaitForSettled(1'000));
  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), 1'000U);  // already, not only once the output is gone
  EXPECT_EQ(
      lines[0],
      R"({"id":"e1-1","output":"log","device":"","topic":"t","payload":{"n":1},"time":"1970-01-01T00:00:00Z"})");
  EXPECT_EQ(output_->written(), 1'000U);
  struct stat status {};
  ASSERT_EQ(::stat(Path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(FileOutputTest, WritesAllBeforeItEnds) {
  ASSERT_TRUE(Open(Path()).ok());
  {
    const std::unique_ptr<OutputPort> port = output_->NewPort();
    for (uint32_t i = 1; i <= 50; ++i) Append(*port, i, false);
    port->Flush();
  }
  output_.reset();
  EXPECT_EQ(Lines().size(), 50U);
  EXPECT_TRUE(settled_.empty());
}

TEST_F(FileOutputTest, IsReadAfterItStopped) {
  ASSERT_TRUE(Open(Path()).ok());
  const std::unique_ptr<OutputPort> port = output_->NewPort();
  Append(*port, 1);
  port->Flush();
  EXPECT_TRUE(output_->Stop());
  EXPECT_EQ(output_->written(), 1U);
  EXPECT_FALSE(output_->failing());
}

TEST_F(FileOutputTest, SaysWhenItCouldNotWriteAll) {
  ASSERT_TRUE(Open("/dev/full").ok());
  const std::unique_ptr<OutputPort> port = output_->NewPort();
  Append(*port, 1);
  port->Flush();
  EXPECT_FALSE(output_->Stop());
  EXPECT_TRUE(output_->failing());
  EXPECT_TRUE(settled_.empty());
}

TEST_F(FileOutputTest, AppendsBehindALineThatWasCutOff) {
  std::ofstream(Path()) << "{\"whole\":1}\n{\"cut o";
  ASSERT_TRUE(Open(Path()).ok());
  const std::unique_ptr<OutputPort> port = output_->NewPort();
  Append(*port, 1);
  port->Flush();
  ASSERT_TRUE(WaitForSettled(1));
  const std::vector<std::string> lines = Lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[1], "{\"cut o");
}

TEST_F(FileOutputTest, AFullDiskHoldsAcknowledgementsBack) {
  ASSERT_TRUE(Open("/dev/full").ok());
  const std::unique_ptr<OutputPort> port = output_->NewPort();
  Append(*port, 1);
  port->Flush();
  while (output_->failures() == 0) std::this_thread::yield();
  EXPECT_EQ(output_->written(), 0U);
  EXPECT_EQ(output_->waiting_records(), 1U);
  output_.reset();  // gives up: the device still has what nobody acknowledged
  EXPECT_TRUE(settled_.empty());
}

TEST_F(FileOutputTest, SaysWhyAFileCannotBeOpened) {
  const absl::Status status = Open(folder_ + "/missing/out.jsonl");
  EXPECT_NE(std::string(status.message()).find("output 'log'"), std::string::npos)
      << status.ToString();
  EXPECT_NE(std::string(status.message()).find("/missing/out.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace sluice::pipeline
