#include "gateway/pipeline/admission.h"

#include <gtest/gtest.h>

namespace sluice::pipeline {
namespace {

TEST(TopicTemplateTest, Matches) {
  struct {
    std::string_view text;
    std::string_view topic;
    bool matches;
  } const kCases[] = {
      // The identity is dev-1.
      {"plant/+/{device}/#", "plant/line1/dev-1/telemetry", true},
      {"plant/+/{device}/#", "plant/line1/dev-1", true},
      {"plant/+/{device}/#", "plant/line1/dev-2/telemetry", false},
      {"plant/+/{device}/#", "plant/dev-1/telemetry", false},
      {"{device}", "dev-1", true},
      {"{device}", "dev-1/", false},
      {"{device}", "dev-11", false},
      {"x-{device}-y/z", "x-dev-1-y/z", true},
      {"x-{device}-y/z", "x-dev-1-/z", false},
      {"x-{device}-y/z", "x-dev-2-y/z", false},
      {"{device}{device}", "dev-1dev-1", true},
      {"#", "anything/at/all", true},
      {"a/b", "a/b", true},
      {"a/b", "a", false},
      {"a/b", "a/b/c", false},
      {"a/+", "a/", true},
      {"a/+", "a", false},
      {"a//b", "a//b", true},
      {"a/#", "ab", false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.text << " on " << c.topic);
    EXPECT_EQ(TopicTemplate(c.text).Matches(c.topic, "dev-1"), c.matches);
  }
}

TEST(TopicTemplateTest, AnIdentityIsNoPattern) {
  EXPECT_TRUE(TopicTemplate("a/{device}").Matches("a/{device}", "{device}"));
  EXPECT_FALSE(TopicTemplate("a/{device}").Matches("a/x", "{device}"));
  EXPECT_FALSE(TopicTemplate("a/{device}").Matches("a/x", "*"));
}

TEST(GlobMatchesTest, Matches) {
  struct {
    std::string_view glob;
    std::string_view text;
    bool matches;
  } const kCases[] = {
      {"z2m-*", "z2m-hall1", true},
      {"z2m-*", "z2m-", true},
      {"z2m-*", "z2m", false},
      {"*", "", true},
      {"*", "x", true},
      {"", "", true},
      {"", "x", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"*b*b", "abab", true},
      {"*b*b", "aba", false},
      {"a*b*c", "axxbxxc", true},
      {"a*b*c", "axxbxx", false},
      {"**", "anything", true},
      {"abc", "abc", true},
      {"abc", "abcd", false},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.glob << " on " << c.text);
    EXPECT_EQ(GlobMatches(c.glob, c.text), c.matches);
  }
}

TEST(GlobMatchesTest, TakesNoMoreThanASquare) {
  EXPECT_FALSE(GlobMatches("*a*a*a*a*a*a*a*a*a*a*a*b", std::string(5'000, 'a')));
}

TEST(AdmissionTest, IsLeastPrivilege) {
  config::DeviceOptions options;
  options.publish = {"plant/+/{device}/#"};
  options.each = {{"z2m-*", {"zigbee2mqtt/#"}, {}}, {"*-admin", {"admin/{device}"}, {}}};
  const Admission admission(options);
  EXPECT_TRUE(admission.MayPublish("press-01", "plant/line1/press-01/telemetry"));
  EXPECT_FALSE(admission.MayPublish("press-01", "plant/line1/press-02/telemetry"));
  EXPECT_FALSE(admission.MayPublish("press-01", "zigbee2mqtt/lamp"));
  EXPECT_TRUE(admission.MayPublish("z2m-hall1", "zigbee2mqtt/lamp"));
  EXPECT_TRUE(admission.MayPublish("z2m-hall1", "plant/a/z2m-hall1/b"));
  EXPECT_TRUE(admission.MayPublish("z2m-admin", "admin/z2m-admin"));
  EXPECT_TRUE(admission.MayPublish("z2m-admin", "zigbee2mqtt/x"));
  EXPECT_FALSE(Admission({}).MayPublish("press-01", "anything"));
}

TEST(AdmissionTest, DollarTopicsAreTheGatewaysOwn) {
  config::DeviceOptions options;
  options.publish = {"#", "{device}/#"};
  const Admission admission(options);
  EXPECT_FALSE(admission.MayPublish("$SYS", "$SYS/load"));
  EXPECT_TRUE(admission.MayPublish("d", "a/$SYS"));
}

}  // namespace
}  // namespace sluice::pipeline
