// Templates of topics: MQTT's rules for filters, and {device} as the only name.
#include "config/topic_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

TEST(CheckTemplateTest, AcceptsAndRefuses) {
  struct {
    std::string filter;
    const char* wants;  // "" where it is fine
  } const kCases[] = {
      {"a", ""},
      {"#", ""},
      {"+", ""},
      {"/", ""},
      {"a//b/", ""},
      {"plant/+/{device}/#", ""},
      {"tele/tasmota_{device}/x", ""},
      {"{device}{device}", ""},
      {"größe/{device}", ""},
      {"", "must not be empty"},
      {"a/#/b", "# must be the last level"},
      {"a#", "must fill a level of their own"},
      {"a/+b", "must fill a level of their own"},
      {"+{device}", "must fill a level of their own"},
      {"{line}/x", "'{line}' is no name known here"},
      {"{Device}", "'{Device}' is no name known here"},
      {"{device", "a brace without its partner"},
      {"device}", "a brace without its partner"},
      {"{de/vice}", "a brace without its partner"},
      {"$SYS/x", "topics that begin with $"},
      {std::string("a\0b", 3), "control character"},
      {"a\nb", "control character"},
      {std::string(65536, 'a'), "longer than 65535 bytes"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.filter.substr(0, 40));
    if (*c.wants == '\0') {
      EXPECT_EQ(CheckTemplate(c.filter), "");
    } else {
      EXPECT_THAT(CheckTemplate(c.filter), testing::HasSubstr(c.wants));
    }
  }
}

}  // namespace
}  // namespace sluice::config
