#include "gateway/commands/dead_letters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sluice::commands {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class DeadLettersTest : public testing::Test {
 protected:
  DeadLettersTest() {
    std::string pattern = (fs::temp_directory_path() / "sluice-letters-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  ~DeadLettersTest() override { fs::remove_all(root_); }

  static std::vector<std::string> Lines(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  static spool::RecordView Record(uint64_t id, std::string_view epoch = {}) {
    spool::RecordView record;
    record.id = id;
    record.epoch = epoch;
    record.device = "d";
    record.topic = "t";
    record.body = "x";
    return record;
  }

  std::string root_;
};

TEST_F(DeadLettersTest, KeepTheReasonAndTheIdOfTheProcessThatTookThem) {
  DeadLetters letters(root_ + "/state/dead", "hub", "e2");
  EXPECT_FALSE(fs::exists(root_ + "/state/dead"));
  letters.Add(Record(7), "too large");
  letters.Add(Record(8, "e1"), "too \"large\"");
  EXPECT_EQ(letters.kept(), 2u);
  EXPECT_THAT(
      Lines(root_ + "/state/dead/hub.jsonl"),
      ElementsAre(
          testing::AllOf(HasSubstr(R"("id":"e2-7")"), HasSubstr(R"("reason":"too large"})")),
          testing::AllOf(HasSubstr(R"("id":"e1-8")"), HasSubstr(R"("reason":"too \"large\""})"))));
}

TEST_F(DeadLettersTest, TakeABoundedPlace) {
  DeadLetters letters(root_ + "/dead", "hub", "e", 1000);
  for (uint64_t i = 0; i < 100; ++i) letters.Add(Record(i), "too large");
  EXPECT_LE(fs::file_size(root_ + "/dead/hub.jsonl"), 1000u);
  EXPECT_LE(fs::file_size(root_ + "/dead/hub.jsonl.1"), 1000u);
  EXPECT_THAT(Lines(root_ + "/dead/hub.jsonl").back(), HasSubstr("\"e-99\""));
}

TEST_F(DeadLettersTest, CountWhatCannotBeKept) {
  std::ofstream(root_ + "/dead") << "a file where the folder should be";
  DeadLetters letters(root_ + "/dead", "hub", "e");
  letters.Add(Record(1), "too large");
  EXPECT_EQ(letters.kept(), 0u);
  EXPECT_EQ(letters.lost(), 1u);
}

TEST_F(DeadLettersTest, LeaveNoPartOfALineForWhichThereWasNoRoom) {
  const std::string path = root_ + "/dead/hub.jsonl";
  DeadLetters letters(root_ + "/dead", "hub", "e");
  letters.Add(Record(1), "too large");
  const uint64_t size = fs::file_size(path);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit full{size + 10, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  letters.Add(Record(2), "too large");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(letters.lost(), 1u);
  EXPECT_EQ(fs::file_size(path), size);
  letters.Add(Record(3), "too large");
  EXPECT_THAT(Lines(path), ElementsAre(HasSubstr("\"e-1\""), HasSubstr("\"e-3\"")));
}

}  // namespace
}  // namespace sluice::commands
