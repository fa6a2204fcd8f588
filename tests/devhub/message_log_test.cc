#include "tests/devhub/message_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/devhub/test_hub.h"

namespace sluice::devhub {
namespace {

class MessageLogTest : public testing::Test {
 protected:
  void WriteFile(std::string_view text) { std::ofstream(path_, std::ios::binary) << text; }
  std::string ReadFile() {
    std::ostringstream text;
    text << std::ifstream(path_, std::ios::binary).rdbuf();
    return text.str();
  }
  MessageLog Open() {
    auto log = MessageLog::Open(path_, &cut_bytes_);
    EXPECT_TRUE(log.ok()) << log.status();
    return *std::move(log);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.File("messages.jsonl");
  size_t cut_bytes_ = 0;
};

TEST_F(MessageLogTest, WritesOnFlushAlone) {
  MessageLog log = Open();
  *log.pending() += "a\n";
  EXPECT_EQ(ReadFile(), "");
  EXPECT_TRUE(log.Flush().ok());
  EXPECT_EQ(ReadFile(), "a\n");
  EXPECT_TRUE(log.Flush().ok());
  EXPECT_EQ(ReadFile(), "a\n");
}

TEST_F(MessageLogTest, GoesOnWhereItEnded) {
  WriteFile("old\n");
  MessageLog log = Open();
  *log.pending() += "new\n";
  EXPECT_TRUE(log.Flush().ok());
  EXPECT_EQ(ReadFile(), "old\nnew\n");
  EXPECT_EQ(cut_bytes_, 0u);
}

// A hub killed in the middle of a write.
TEST_F(MessageLogTest, CutsAnUnfinishedLine) {
  struct {
    std::string before;
    std::string after;
  } const kCases[] = {
      {"a\nb\nhalf", "a\nb\n"},
      {"half", ""},
      {"a\n" + std::string(200'000, 'x'), "a\n"},  // longer than what is read at once
      {std::string(65'535, 'a') + "\n" + std::string(65'536, 'x'), std::string(65'535, 'a') + "\n"},
  };
  for (const auto& c : kCases) {
    WriteFile(c.before);
    Open();
    EXPECT_EQ(ReadFile(), c.after);
    EXPECT_EQ(cut_bytes_, c.before.size() - c.after.size());
  }
}

TEST_F(MessageLogTest, OneHubAFolder) {
  const MessageLog log = Open();
  const auto second = MessageLog::Open(path_, &cut_bytes_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr("another sluice-devhub"));
}

// A disk that fills up in the middle of a write, played by the limit on file size.
TEST_F(MessageLogTest, AFailedWriteLeavesNothingBehind) {
  MessageLog log = Open();
  *log.pending() += "stored\n";
  ASSERT_TRUE(log.Flush().ok());

  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 4096;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  *log.pending() += std::string(10'000, 'x') + "\n";
  EXPECT_FALSE(log.Flush().ok());
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);

  EXPECT_EQ(ReadFile(), "stored\n");
  EXPECT_EQ(*log.pending(), "");
  *log.pending() += "later\n";
  EXPECT_TRUE(log.Flush().ok());
  EXPECT_EQ(ReadFile(), "stored\nlater\n");
}

}  // namespace
}  // namespace sluice::devhub
