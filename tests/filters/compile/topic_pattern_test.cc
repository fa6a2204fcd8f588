#include "filters/compile/topic_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::compile {
namespace {

std::vector<std::string_view> Levels(std::string_view topic) {
  std::vector<std::string_view> levels;
  while (true) {
    const size_t slash = topic.find('/');
    levels.push_back(topic.substr(0, slash));
    if (slash == topic.npos) return levels;
    topic.remove_prefix(slash + 1);
  }
}

TopicPattern Pattern(std::string_view text) {
  language::Diagnostics diagnostics;
  std::optional<TopicPattern> pattern = TopicPattern::Parse(text, &diagnostics);
  EXPECT_TRUE(pattern) << text;
  return pattern ? *std::move(pattern) : TopicPattern();
}

TEST(TopicPatternTest, Matches) {
  struct {
    std::string_view pattern;
    std::string_view topic;
    bool matches;
  } const kCases[] = {
      {"a/b", "a/b", true},
      {"a/b", "a/B", false},
      {"a/b", "a/b/", false},
      {"a/b", "/a/b", false},
      {"a/+", "a/b", true},
      {"a/+", "a/", true},
      {"a/+", "a", false},
      {"a/+", "a/b/c", false},
      {"a/+/c", "a/b/c", true},
      {"+/+", "/x", true},
      {"+", "/x", false},
      {"a/#", "a/b/c", true},
      {"a/#", "a", true},  // the parent level is included (section 4.7.1.2)
      {"a/#", "ab", false},
      {"a/+/#", "a", false},
      {"a/+/#", "a/b", true},
      {"#", "a", true},
      {"#", "/", true},
      {"#", "$SYS/load", false},  // [MQTT-4.7.2-1]
      {"+/load", "$SYS/load", false},
      {"{any}/load", "$SYS/load", false},
      {"$SYS/#", "$SYS/load", true},
      {"$SYS/+", "$SYS/load", true},
      {"a/#", "a/$SYS", true},
      {"plant/{line}/{unit}/telemetry", "plant/line1/press-01/telemetry", true},
      {"plant/{line}/{unit}/telemetry", "plant/line1/telemetry", false},
      {"a{b", "a{b", true},
      {"a//b", "a//b", true},
      {"a//b", "a/b", false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.pattern << " on " << c.topic);
    EXPECT_EQ(Pattern(c.pattern).Matches(Levels(c.topic)), c.matches);
  }
}

TEST(TopicPatternTest, NamesLevels) {
  const TopicPattern pattern = Pattern("{site}/+/{unit_2}/x/#");
  ASSERT_EQ(pattern.names().size(), 2U);
  EXPECT_EQ(pattern.names()[0].name, "site");
  EXPECT_EQ(pattern.names()[0].level, 0U);
  EXPECT_EQ(pattern.names()[1].name, "unit_2");
  EXPECT_EQ(pattern.names()[1].level, 2U);
}

TEST(TopicPatternTest, SaysWhatIsWrongAndWhere) {
  using namespace std::string_view_literals;
  struct {
    std::string_view pattern;
    size_t offset;
    std::string_view message;
  } const kCases[] = {
      {"", 0, "an empty topic filter selects nothing"},
      {"a/b+", 3, "+ must be a whole level"},
      {"a/#/b", 2, "# must be the whole last level"},
      {"a/b#", 3, "# must be the whole last level"},
      {"a/x{b}", 2, "{name} must be a whole level"},
      {"a/{}", 2, "'' is no name for a level"},
      {"a/{b c}", 2, "'b c' is no name for a level"},
      {"a/{1}", 2, "'1' is no name for a level"},
      {"{a}/{a}", 4, "a second level named 'a'"},
      {"a\0b"sv, 1, "MQTT forbids NUL in topic filters"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.pattern);
    language::Diagnostics diagnostics;
    EXPECT_FALSE(TopicPattern::Parse(c.pattern, &diagnostics));
    ASSERT_FALSE(diagnostics.empty());
    EXPECT_EQ(diagnostics[0].message, c.message);
    EXPECT_EQ(diagnostics[0].offset, c.offset);
  }
  language::Diagnostics diagnostics;
  EXPECT_FALSE(TopicPattern::Parse(std::string(65'536, 'a'), &diagnostics));
}

TEST(TopicPatternTest, CoversAndMeets) {
  struct {
    std::string_view a;
    std::string_view b;
    bool covers;
    bool meets;
  } const kCases[] = {
      {"#", "a/b", true, true},     {"a/b", "#", false, true},     {"a/#", "a/+", true, true},
      {"a/#", "a", true, true},     {"a/+", "a/#", false, true},   {"a/+", "a/b", true, true},
      {"a/+", "+/b", false, true},  {"a/+", "b/+", false, false},  {"a/+", "a/b/c", false, false},
      {"a/b/#", "a", false, false}, {"#", "$SYS/#", false, false}, {"$SYS/#", "#", false, false},
      {"+/#", "a/#", true, true},   {"a/#", "a/b/#", true, true},  {"a/b", "a/b", true, true},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.a << " and " << c.b);
    EXPECT_EQ(Pattern(c.a).Covers(Pattern(c.b)), c.covers);
    EXPECT_EQ(Pattern(c.a).Meets(Pattern(c.b)), c.meets);
    EXPECT_EQ(Pattern(c.b).Meets(Pattern(c.a)), c.meets);
  }
}

}  // namespace
}  // namespace sluice::compile
