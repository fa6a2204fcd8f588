#include "filters/compile/text_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace sluice::compile {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TextIndex::Entry EntryOf(Needle needle, uint32_t gram_at = 0) {
  TextIndex::Entry entry;
  entry.gram_size = static_cast<uint32_t>(std::min<size_t>(4, needle.text.size()));
  entry.gram_at = gram_at;
  entry.needle = std::move(needle);
  return entry;
}

std::vector<uint32_t> Find(const TextIndex& index, std::string_view text,
                           TextIndex::Scratch* scratch) {
  std::vector<uint32_t> numbers;
  index.Find(text, scratch, &numbers);
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST(TextIndexTest, FindsNeedlesAndExpressions) {
  const TextIndex index(
      {EntryOf({"line-17", false, false, false, {}}, 3), EntryOf({"line", true, false, false, {}}),
       EntryOf({"t", false, true, false, {}}), EntryOf({"is", true, true, false, {}}),
       EntryOf({"unit", false, false, true, {}})},
      {"^[0-9]+$", "^[0-9]"});
  TextIndex::Scratch scratch;
  EXPECT_THAT(Find(index, "line-17", &scratch), ElementsAre(0, 1));
  EXPECT_THAT(Find(index, "a line-17, a line-17", &scratch), ElementsAre(0));
  EXPECT_THAT(Find(index, "line-1", &scratch), ElementsAre(1));
  EXPECT_THAT(Find(index, "UNIT", &scratch), ElementsAre(4));
  EXPECT_THAT(Find(index, "unit", &scratch), ElementsAre(2, 4));
  EXPECT_THAT(Find(index, "is", &scratch), ElementsAre(3));
  EXPECT_THAT(Find(index, "this", &scratch), IsEmpty());
  EXPECT_THAT(Find(index, "12", &scratch), ElementsAre(5, 6));
  EXPECT_THAT(Find(index, "1a", &scratch), ElementsAre(6));
  EXPECT_THAT(Find(index, "", &scratch), IsEmpty());
}

// Of few letters, so that needles overlap and share grams.
TEST(TextIndexTest, AgreesWithStringSearch) {
  std::mt19937 random(7);
  const auto text = [&random](size_t size) {
    std::string made(size, ' ');
    for (char& c : made) c = static_cast<char>('a' + random() % 2);
    return made;
  };
  TextIndex::Scratch scratch;
  for (int round = 0; round < 50; ++round) {
    std::vector<TextIndex::Entry> entries;
    for (int i = 0; i < 100; ++i) {
      Needle needle{text(1 + random() % 8), random() % 4 == 0, random() % 4 == 0, false, {}};
      const auto spare = static_cast<uint32_t>(needle.text.size()) -
                         static_cast<uint32_t>(std::min<size_t>(4, needle.text.size()));
      entries.push_back(EntryOf(std::move(needle), static_cast<uint32_t>(random()) % (spare + 1)));
    }
    const TextIndex index(entries, {});
    for (int i = 0; i < 50; ++i) {
      const std::string searched = text(random() % 20);
      std::vector<uint32_t> expected;
      for (uint32_t n = 0; n < entries.size(); ++n) {
        const Needle& needle = entries[n].needle;
        const bool found = needle.at_start && needle.at_end ? searched == needle.text
                           : needle.at_start                ? searched.starts_with(needle.text)
                           : needle.at_end                  ? searched.ends_with(needle.text)
                                           : searched.find(needle.text) != std::string::npos;
        if (found) expected.push_back(n);
      }
      ASSERT_EQ(Find(index, searched, &scratch), expected) << searched;
    }
  }
}

}  // namespace
}  // namespace sluice::compile
