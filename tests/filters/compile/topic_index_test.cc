// The tree of topic patterns against the patterns, one by one.
#include "filters/compile/topic_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/language/evaluate.h"

namespace sluice::compile {
namespace {

TopicPattern Pattern(std::string_view text) {
  language::Diagnostics diagnostics;
  std::optional<TopicPattern> pattern = TopicPattern::Parse(text, &diagnostics);
  EXPECT_TRUE(pattern) << text;
  return pattern ? *std::move(pattern) : TopicPattern();
}

TEST(TopicIndexTest, FindsWhatMatchesAndNothingElse) {
  const char* const kPatterns[] = {"#",     "+",     "a",      "a/#",    "a/+",  "a/b", "a/b/#",
                                   "+/b",   "+/#",   "+/+/c",  "a/+/c",  "a//c", "/",   "/#",
                                   "$s/#",  "$s/+",  "$s/b/#", "a/b/c",  "+/+",  "b",   "a/$s",
                                   "a/+/#", "a/+/+", "/+",     "+/b/c/#"};
  const char* const kTopics[] = {"a",  "b",    "a/b", "a/b/c", "a//c", "/",     "//",   "",
                                 "$s", "$s/b", "/b",  "c/b",   "a/",   "a/b/d", "a/$s", "a/b/c/d"};
  TopicIndex index;
  std::vector<TopicPattern> patterns;
  for (const char* const text : kPatterns) {
    EXPECT_EQ(index.Add(Pattern(text)), patterns.size());
    patterns.push_back(Pattern(text));
  }
  TopicIndex::Scratch scratch;
  for (const char* const topic : kTopics) {
    std::vector<std::string_view> levels;
    language::SplitTopic(topic, &levels);
    std::vector<uint32_t> found, expected;
    index.Find(levels, &scratch, &found);
    std::sort(found.begin(), found.end());
    for (uint32_t i = 0; i < patterns.size(); ++i) {
      if (patterns[i].Matches(levels)) expected.push_back(i);
    }
    EXPECT_EQ(found, expected) << topic;
  }
}

TEST(TopicIndexTest, OneNumberForPatternsThatDifferInNames) {
  TopicIndex index;
  EXPECT_EQ(index.Add(Pattern("a/{line}/#")), 0U);
  EXPECT_EQ(index.Add(Pattern("a/{line}")), 1U);
  EXPECT_EQ(index.Add(Pattern("a/{unit}/#")), 0U);
  EXPECT_EQ(index.Add(Pattern("a/+")), 1U);
}

}  // namespace
}  // namespace sluice::compile
