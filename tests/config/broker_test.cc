#include "config/broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

TEST(BrokerAddressTest, IsAHostWithAPort) {
  struct {
    const char* text;
    const char* host;  // null: no address
    uint16_t port;
  } const kCases[] = {
      {"broker.example:8883", "broker.example", 8883},
      {"192.0.2.7:1", "192.0.2.7", 1},
      {"[2001:db8::1]:65535", "2001:db8::1", 65535},
      {"my_broker-2:8883", "my_broker-2", 8883},
      {"broker.example", nullptr, 0},
      {"broker.example:", nullptr, 0},
      {"broker.example:0", nullptr, 0},
      {"broker.example:65536", nullptr, 0},
      {":8883", nullptr, 0},
      {"[]:8883", nullptr, 0},
      {"2001:db8::1:8883", nullptr, 0},
      {"mqtts://broker:8883", nullptr, 0},
      {"user@broker:8883", nullptr, 0},
      {"", nullptr, 0},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    const std::optional<BrokerAddress> address = ParseBrokerAddress(c.text);
    ASSERT_EQ(address.has_value(), c.host != nullptr);
    if (!address) continue;
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
  }
}

TEST(BrokerTopicTest, SaysWhatIsWrong) {
  struct {
    const char* topic;
    bool packed;
    const char* fault;
  } const kCases[] = {
      {"plant/telemetry", true, ""},
      {"sluice/{gateway}", true, ""},
      {"{gateway}/{device}/{topic}", false, ""},
      {"{device}", true, "wants pack: none"},
      {"a/{topic}", true, "wants pack: none"},
      {"", true, "must not be empty"},
      {"a/+/b", false, "cannot be published to"},
      {"a/#", true, "cannot be published to"},
      {"a/{line}", false, "'{line}' is no name known here"},
      {"a/{device", false, "a brace without its partner"},
      {"a/}", false, "a brace without its partner"},
      {"a\nb", true, "control character"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.topic);
    const std::string fault = CheckBrokerTopic(c.topic, c.packed);
    if (*c.fault == '\0') {
      EXPECT_EQ(fault, "");
    } else {
      EXPECT_THAT(fault, testing::HasSubstr(c.fault));
    }
  }
}

}  // namespace
}  // namespace sluice::config
