#include "tests/devhub/topics.h"

#include <gtest/gtest.h>

namespace sluice::devhub {
namespace {

const Identity kDevice = {"gw-01", ""};
const Identity kModule = {"edge-01", "sluice"};

TEST(TopicsTest, MatchesPublishes) {
  struct {
    Identity identity;
    std::string_view topic;
    std::optional<PublishKind> kind;
    std::string_view rest;
  } const kCases[] = {
      {kDevice, "devices/gw-01/messages/events/", PublishKind::kTelemetry, ""},
      {kDevice, "devices/gw-01/messages/events/a=b", PublishKind::kTelemetry, "a=b"},
      {kDevice, "devices/gw-01/messages/events", std::nullopt, ""},
      {kDevice, "devices/gw-01/messages/events/a=b/", std::nullopt, ""},  // a bag is one level
      {kDevice, "devices/gw-02/messages/events/", std::nullopt, ""},      // another's
      {kDevice, "devices/GW-01/messages/events/", std::nullopt, ""},
      {kDevice, "devices/gw-01/modules/m/messages/events/", std::nullopt, ""},
      {kDevice, "devices/gw-01/messages/devicebound/", std::nullopt, ""},
      {kDevice, "telemetry", std::nullopt, ""},
      {kDevice, "/devices/gw-01/messages/events/", std::nullopt, ""},
      {kModule, "devices/edge-01/modules/sluice/messages/events/%24.on=out",
       PublishKind::kTelemetry, "%24.on=out"},
      {kModule, "devices/edge-01/messages/events/", std::nullopt, ""},  // the device's own
      {kModule, "devices/edge-01/modules/other/messages/events/", std::nullopt, ""},
      {kDevice, "$iothub/twin/GET/?$rid=1", PublishKind::kTwinGet, "?$rid=1"},
      {kDevice, "$iothub/twin/PATCH/properties/reported/?$rid=2", PublishKind::kTwinReport,
       "?$rid=2"},
      {kModule, "$iothub/methods/res/200/?$rid=3", PublishKind::kMethodResult, "200/?$rid=3"},
      {kDevice, "$iothub/other/", std::nullopt, ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.identity.ClientId() << " to " << c.topic);
    std::string_view rest;
    EXPECT_EQ(Topics(c.identity, false).MatchPublish(c.topic, &rest), c.kind);
    if (c.kind) {
      EXPECT_EQ(rest, c.rest);
    }
  }
}

TEST(TopicsTest, GrantsListedFiltersAlone) {
  struct {
    Identity identity;
    std::string_view filter;
    bool granted;
  } const kCases[] = {
      {kDevice, "devices/gw-01/messages/devicebound/#", true},
      {kDevice, "$iothub/methods/POST/#", true},
      {kDevice, "$iothub/twin/res/#", true},
      {kDevice, "$iothub/twin/PATCH/properties/desired/#", true},
      {kDevice, "devices/gw-01/modules/m/#", false},
      {kDevice, "devices/gw-02/messages/devicebound/#", false},
      {kDevice, "devices/gw-01/messages/devicebound/+", false},
      {kDevice, "devices/gw-01/messages/devicebound/x", false},
      {kDevice, "devices/+/messages/devicebound/#", false},
      {kDevice, "#", false},
      {kModule, "devices/edge-01/modules/sluice/#", true},
      {kModule, "devices/edge-01/modules/sluice/inputs/#", false},
      {kModule, "devices/edge-01/messages/devicebound/#", false},  // modules receive none
      {kModule, "$iothub/twin/res/#", true},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.identity.ClientId() << " " << c.filter);
    EXPECT_EQ(Topics(c.identity, false).MaySubscribe(c.filter), c.granted);
  }
}

// Sections 8 to 10: cloud-to-device, twins and methods are of the standard and free tiers.
TEST(TopicsTest, BasicTierIsTelemetryAlone) {
  const Topics topics(kDevice, true);
  std::string_view rest;
  EXPECT_EQ(topics.MatchPublish("devices/gw-01/messages/events/", &rest), PublishKind::kTelemetry);
  EXPECT_EQ(topics.MatchPublish("$iothub/twin/GET/?$rid=1", &rest), std::nullopt);
  EXPECT_FALSE(topics.MaySubscribe("devices/gw-01/messages/devicebound/#"));
  EXPECT_FALSE(topics.MaySubscribe("$iothub/methods/POST/#"));
}

// An id may hold what looks like a placeholder's neighbourhood or a pattern.
TEST(TopicsTest, IdsAreTakenLiterally) {
  std::string_view rest;
  EXPECT_EQ(
      Topics({"a(m)", "*"}, false).MatchPublish("devices/a(m)/modules/*/messages/events/", &rest),
      PublishKind::kTelemetry);
  EXPECT_EQ(Topics({"a", "*"}, false).MatchPublish("devices/a/modules/x/messages/events/", &rest),
            std::nullopt);
}

}  // namespace
}  // namespace sluice::devhub
