#include "gateway/cloud/topic.h"

#include <gtest/gtest.h>

namespace sluice::cloud {
namespace {

using Kind = TopicView::Kind;

TEST(CloudTopicTest, ReadsWhatTheHubWrites) {
  struct {
    std::string_view topic;
    Kind kind;
    int status;
    std::string_view request_id;
    uint64_t version;
    std::string_view method;
  } const kCases[] = {
      {"$iothub/twin/res/200/?$rid=7", Kind::kTwinAnswer, 200, "7", 0, ""},
      {"$iothub/twin/res/204/?$rid=a-1&$version=6", Kind::kTwinAnswer, 204, "a-1", 0, ""},
      {"$iothub/twin/res/429/?$version=6&$rid=8", Kind::kTwinAnswer, 429, "8", 0, ""},
      {"$iothub/twin/PATCH/properties/desired/?$version=18446744073709551615", Kind::kDesiredChange,
       0, "", UINT64_MAX, ""},
      {"$iothub/methods/POST/ping/?$rid=1f", Kind::kMethodCall, 0, "1f", 0, "ping"},
      {"$iothub/methods/POST/no such/thing/?$rid=1", Kind::kMethodCall, 0, "1", 0, "no such/thing"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.topic);
    const std::optional<TopicView> view = ParseTopic(c.topic);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->kind, c.kind);
    EXPECT_EQ(view->status, c.status);
    EXPECT_EQ(view->request_id, c.request_id);
    EXPECT_EQ(view->version, c.version);
    EXPECT_EQ(view->method, c.method);
  }
}

TEST(CloudTopicTest, RefusesAllElse) {
  const std::string long_id(257, 'x');
  const std::string too_long = "$iothub/methods/POST/ping/?$rid=" + long_id;
  for (const std::string_view topic :
       {std::string_view(""), std::string_view("$iothub/twin/res/"),
        std::string_view("$iothub/twin/res/200/?$rid="), std::string_view("$iothub/twin/res/200/"),
        std::string_view("$iothub/twin/res/ok/?$rid=1"),
        std::string_view("$iothub/twin/res/200/?$rid=a/b"),
        std::string_view("$iothub/twin/res/99999999999/?$rid=1"),
        std::string_view("$iothub/twin/PATCH/properties/desired/?$version=-1"),
        std::string_view("$iothub/twin/PATCH/properties/desired/?$version=18446744073709551616"),
        std::string_view("$iothub/twin/PATCH/properties/desired/"),
        std::string_view("$iothub/twin/PATCH/properties/reported/?$version=1"),
        std::string_view("$iothub/methods/POST/ping"),
        std::string_view("$iothub/methods/POST/ping/?rid=1"),
        std::string_view("$iothub/methods/POST/ping/?$rid=#"),
        std::string_view("$iothub/methods/POST/ping/?$rid=a b"), std::string_view(too_long),
        std::string_view("devices/gw/messages/devicebound/a=b")}) {
    EXPECT_FALSE(ParseTopic(topic)) << topic;
  }
}

TEST(CloudTopicTest, WritesWhatTheHubReads) {
  EXPECT_EQ(TwinReadTopic(3), "$iothub/twin/GET/?$rid=3");
  EXPECT_EQ(TwinReportTopic(4), "$iothub/twin/PATCH/properties/reported/?$rid=4");
  EXPECT_EQ(MethodAnswerTopic(404, "1f"), "$iothub/methods/res/404/?$rid=1f");
}

}  // namespace
}  // namespace sluice::cloud
