#include "gateway/lines/line_reader.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

namespace sluice::lines {
namespace {

using testing::ElementsAre;

// A pipe: what is written comes in pieces, as the kernel and the writer please.
class LineReaderTest : public testing::Test {
 protected:
  LineReaderTest() { EXPECT_EQ(::pipe2(ends_, O_CLOEXEC), 0); }
  ~LineReaderTest() override {
    ::close(ends_[0]);
    CloseWriter();
  }

  void Write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::write(ends_[1], text.data(), text.size());
      ASSERT_GT(n, 0);
      text.remove_prefix(static_cast<size_t>(n));
    }
  }
  void CloseWriter() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

  std::vector<std::string> ReadAll() {
    LineReader reader(ends_[0]);
    std::vector<std::string> lines;
    for (std::string_view line; reader.Next(&line);) lines.emplace_back(line);
    EXPECT_TRUE(reader.status().ok());
    return lines;
  }

  int ends_[2];
};

TEST_F(LineReaderTest, SplitsAtLineFeeds) {
  Write("a\n\nb c\r\nlast");
  CloseWriter();
  EXPECT_THAT(ReadAll(), ElementsAre("a", "", "b c\r", "last"));
}

TEST_F(LineReaderTest, ALastLineFeedBeginsNoLine) {
  Write("a\n");
  CloseWriter();
  EXPECT_THAT(ReadAll(), ElementsAre("a"));
}

TEST_F(LineReaderTest, AnEmptyInputHasNoLine) {
  CloseWriter();
  EXPECT_THAT(ReadAll(), ElementsAre());
}

TEST_F(LineReaderTest, KnowsWhetherItWouldHaveToRead) {
  LineReader reader(ends_[0]);
  std::string_view line;
  EXPECT_FALSE(reader.HasLine());
  Write("a\nb\nhal");
  ASSERT_TRUE(reader.Next(&line));
  EXPECT_EQ(line, "a");
  EXPECT_TRUE(reader.HasLine());
  EXPECT_TRUE(reader.HasLine());
  ASSERT_TRUE(reader.Next(&line));
  EXPECT_EQ(line, "b");
  EXPECT_FALSE(reader.HasLine());
  Write("f\n");
  ASSERT_TRUE(reader.Next(&line));
  EXPECT_EQ(line, "half");
}

TEST_F(LineReaderTest, LinesLongerThanAReadComeWhole) {
  std::vector<std::string> expected;
  std::string text;
  for (size_t i = 0; i < 40; ++i) {
    expected.emplace_back(i * i * 2'000, static_cast<char>('a' + i % 26));
    text += expected.back() + "\n";
  }
  std::thread writer([&] {
    Write(text);
    CloseWriter();
  });
  EXPECT_EQ(ReadAll(), expected);
  writer.join();
}

TEST(LineReaderErrorTest, SaysWhatReadSaid) {
  LineReader reader(-1);
  std::string_view line;
  EXPECT_FALSE(reader.Next(&line));
  EXPECT_FALSE(reader.status().ok());
}

}  // namespace
}  // namespace sluice::lines
