// Three pieces of code match topics: MQTT's filters, rules' patterns and devices' templates. They
// agree.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "filters/compile/topic_pattern.h"
#include "filters/language/evaluate.h"
#include "gateway/mqtt/topic.h"
#include "gateway/pipeline/admission.h"

namespace sluice::pipeline {
namespace {

// Few letters and levels, so that many pairs match.
class TopicMaker {
 public:
  std::string Topic() { return Make({"a", "b", "", "$a"}, false); }
  std::string Filter() { return Make({"a", "b", "", "+", "$a"}, true); }

 private:
  std::string Make(const std::vector<std::string>& levels, bool may_end_in_hash) {
    std::string topic;
    do {
      topic.clear();
      const size_t count = 1 + random_() % 4;
      for (size_t i = 0; i < count; ++i) {
        if (i > 0) topic += '/';
        topic += may_end_in_hash && i + 1 == count && random_() % 3 == 0
                     ? "#"
                     : levels[random_() % levels.size()];
      }
    } while (topic.empty());
    return topic;
  }

  std::mt19937 random_{7};
};

compile::TopicPattern Pattern(const std::string& filter) {
  language::Diagnostics diagnostics;
  auto pattern = compile::TopicPattern::Parse(filter, &diagnostics);
  EXPECT_TRUE(pattern) << filter;
  return pattern ? *std::move(pattern) : compile::TopicPattern();
}

TEST(TopicAgreementTest, OnWhatAFilterSelects) {
  TopicMaker maker;
  int matches = 0;
  std::vector<std::string_view> levels;
  for (int i = 0; i < 50'000; ++i) {
    const std::string filter = maker.Filter(), topic = maker.Topic();
    const bool expected = mqtt::TopicMatches(filter, topic);
    language::SplitTopic(topic, &levels);
    ASSERT_EQ(Pattern(filter).Matches(levels), expected) << filter << " on " << topic;
    if (!topic.starts_with('$')) {
      ASSERT_EQ(TopicTemplate(filter).Matches(topic, "x"), expected) << filter << " on " << topic;
    }
    matches += expected ? 1 : 0;
  }
  EXPECT_GT(matches, 2'000);
}

TEST(TopicAgreementTest, OnWhatLiesInsideAFilter) {
  TopicMaker maker;
  int inside = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string inner = maker.Filter(), outer = maker.Filter();
    const bool covers = Pattern(outer).Covers(Pattern(inner));
    // Covers may miss a case, never make one up.
    ASSERT_TRUE(!covers || mqtt::FilterInside(inner, outer)) << inner << " inside " << outer;
    inside += covers ? 1 : 0;
  }
  EXPECT_GT(inside, 2'000);
}

TEST(TopicAgreementTest, FiltersThatDoNotMeetShareNoTopic) {
  TopicMaker maker;
  int apart = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string a = maker.Filter(), b = maker.Filter(), topic = maker.Topic();
    if (Pattern(a).Meets(Pattern(b))) continue;
    ++apart;
    ASSERT_FALSE(mqtt::TopicMatches(a, topic) && mqtt::TopicMatches(b, topic))
        << a << ", " << b << ", " << topic;
  }
  EXPECT_GT(apart, 2'000);
}

}  // namespace
}  // namespace sluice::pipeline
