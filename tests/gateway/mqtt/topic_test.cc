#include "gateway/mqtt/topic.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

TEST(TopicTest, ValidNames) {
  struct {
    std::string name;
    bool valid;
  } const kCases[] = {
      {"a", true},
      {"/", true},
      {"a//b", true},
      {"$SYS/x", true},
      {" ", true},
      {"", false},
      {"+", false},
      {"a/+/b", false},
      {"a#", false},
      {"#", false},
      {Bytes({0}), false},
      {"\xff", false},
      {"gr\xc3\xbc\xc3\x9f", true},
      {std::string(65'535, 'a'), true},
      {std::string(65'536, 'a'), false},
  };
  for (const auto& c : kCases) EXPECT_EQ(ValidTopicName(c.name), c.valid) << c.name.substr(0, 40);
}

// Eight bytes are looked at in a step: a wildcard is seen at every place of every length, and
// nothing else is one.
TEST(TopicTest, SeesAWildcardWhereverItStands) {
  for (size_t size = 1; size <= 40; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (int byte = 1; byte < 128; ++byte) {
        std::string topic(size, 'a');
        topic[at] = static_cast<char>(byte);
        ASSERT_EQ(ValidTopicName(topic), byte != '+' && byte != '#')
            << size << " " << at << " " << byte;
      }
    }
  }
  EXPECT_TRUE(ValidTopicName(
      "\xc2\xa3\xc2\xab\xc2\xa3\xc2\xab"));  // bytes that differ from + and # in the high bit
}

TEST(TopicTest, ValidFilters) {
  struct {
    std::string filter;
    bool valid;
  } const kCases[] = {
      {"a", true},
      {"#", true},
      {"+", true},
      {"/", true},
      {"a/#", true},
      {"/#", true},
      {"+/+/#", true},
      {"a//+", true},
      {"", false},
      {"a#", false},
      {"a/#/b", false},
      {"#/", false},
      {"a+/b", false},
      {"a/+b", false},
      {"++", false},
      {"a/b#", false},
      {Bytes({'a', 0}), false},
      {"\xc0\x80", false},
      {std::string(65'536, 'a'), false},
      {"$SYS/#", true},
      {"$share/g/a/+", true},
      {"$share/g/#", true},
      {"$share/g//", true},
      {"$share/g/", false},  // no filter
      {"$share/g", false},   // no filter [MQTT-4.8.2-2]
      {"$share/", false},
      {"$share//a", false},  // a share name has at least one character [MQTT-4.8.2-1]
      {"$share/+/a", false},
      {"$share/g#/a", false},
      {"$share/g/a#", false},
      {"$share", true},  // a topic like any other
      {"$shared/a", true},
  };
  for (const auto& c : kCases)
    EXPECT_EQ(ValidTopicFilter(c.filter), c.valid) << c.filter.substr(0, 40);
}

TEST(TopicTest, SplitsShared) {
  EXPECT_EQ(SplitShared("a/b").share_name, "");
  EXPECT_EQ(SplitShared("a/b").filter, "a/b");
  EXPECT_EQ(SplitShared("$share/group/a/#").share_name, "group");
  EXPECT_EQ(SplitShared("$share/group/a/#").filter, "a/#");
  EXPECT_EQ(SplitShared("$share/group//").filter, "/");
}

TEST(TopicTest, Matches) {
  struct {
    std::string_view filter;
    std::string_view topic;
    bool matches;
  } const kCases[] = {
      {"a/b", "a/b", true},
      {"a/b", "a/B", false},
      {"a/b", "a/b/", false},
      {"a/b", "a", false},
      {"a/+", "a/b", true},
      {"a/+", "a/", true},
      {"a/+", "a/b/c", false},
      {"a/+", "a", false},
      {"+", "a", true},
      {"+", "/a", false},
      {"/+", "/a", true},
      {"+/+", "/a", true},
      {"a/#", "a", true},  // the parent level is included (section 4.7.1.2)
      {"a/#", "a/", true},
      {"a/#", "a/b/c", true},
      {"a/#", "ab", false},
      {"#", "a", true},
      {"#", "/", true},
      {"+/#", "a", true},
      {"a/+/c", "a//c", true},
      {"sport/tennis/player1/#", "sport/tennis/player1", true},  // the specification's own
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
      {"#", "$SYS/load", false},  // [MQTT-4.7.2-1]
      {"+/load", "$SYS/load", false},
      {"$SYS/#", "$SYS/load", true},
      {"$SYS/+", "$SYS/load", true},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.filter << " on " << c.topic);
    EXPECT_EQ(TopicMatches(c.filter, c.topic), c.matches);
  }
}

TEST(TopicTest, FilterInside) {
  struct {
    std::string_view filter;
    std::string_view outer;
    bool inside;
  } const kCases[] = {
      {"a/b", "a/b", true},       {"a/b", "a/+", true},
      {"a/+", "a/+", true},       {"a/+", "a/b", false},
      {"a/#", "a/+", false},      {"a/#", "a/#", true},
      {"a/b/#", "a/#", true},     {"a", "a/#", true},
      {"#", "a/#", false},        {"#", "#", true},
      {"+/#", "#", true},         {"+", "#", true},
      {"a/b/c", "a/+", false},    {"a", "a/+", false},
      {"$SYS/#", "#", false},     {"$SYS/x", "+/x", false},
      {"$SYS/x", "$SYS/#", true}, {"commands/d1/#", "commands/+/#", true},
      {"a/+/c", "a/b/c", false},  {"a/#", "a/+/#", false},  // "a" itself
      {"#", "+/#", true},         {"/#", "/+/#", true},     // no topic is empty
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.filter << " in " << c.outer);
    EXPECT_EQ(FilterInside(c.filter, c.outer), c.inside);
  }
}

// Every filter and topic of up to three levels over a small alphabet: inside means that no topic is
// selected by the filter and not by the template, and for these all witnesses are at most a level
// longer.
TEST(TopicTest, FilterInsideAgreesWithMatching) {
  const auto build = [](const std::vector<std::string>& levels, size_t depth) {
    std::vector<std::string> all;
    const std::function<void(const std::string&, size_t)> grow = [&](const std::string& prefix,
                                                                     size_t left) {
      for (const std::string& level : levels) {
        const std::string text = prefix + level;
        if (!text.empty() && ValidTopicFilter(text)) all.push_back(text);
        if (left > 1 && level != "#") grow(text + "/", left - 1);
      }
    };
    grow("", depth);
    return all;
  };
  const std::vector<std::string> filters = build({"a", "b", "$x", "+", "#", ""}, 3);
  const std::vector<std::string> topics = build({"a", "b", "z", "$x", ""}, 4);
  for (const std::string& filter : filters) {
    for (const std::string& outer : filters) {
      bool inside = true;
      for (const std::string& topic : topics) {
        if (TopicMatches(filter, topic) && !TopicMatches(outer, topic)) {
          inside = false;
          break;
        }
      }
      ASSERT_EQ(FilterInside(filter, outer), inside) << filter << " in " << outer;
    }
  }
}

TEST(TopicTest, CountsLevels) {
  EXPECT_EQ(LevelCount("a"), 1u);
  EXPECT_EQ(LevelCount("a/b"), 2u);
  EXPECT_EQ(LevelCount("/"), 2u);
}

}  // namespace
}  // namespace sluice::mqtt
