#include "gateway/pipeline/device_properties.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::pipeline {
namespace {

using language::PropertyView;

TEST(DevicePropertiesTest, RemovesWhatIsForged) {
  for (const std::string_view name :
       {"origin-device", "origin-topic", "origin-time", "Origin-Device",
        "iothub-connection-device-id", "IOTHUB-x", "iothub-", "$.cdid", "$.cmid", "$.CDID", "$.ct",
        "$.ce", "$.to", "$.exp", "$.on", "$.anything", "$."}) {
    DeviceProperties properties;
    EXPECT_FALSE(properties.Add({name, "x", false})) << name;
    EXPECT_TRUE(properties.application().empty()) << name;
    EXPECT_TRUE(properties.system().empty()) << name;
  }
}

TEST(DevicePropertiesTest, KeepsTheRestInOrder) {
  DeviceProperties properties;
  for (const std::string_view name :
       {"alert", "", "origin", "origin-devices", "iothub", "$x", "ORIGIN", "a.b", "alert"}) {
    EXPECT_TRUE(properties.Add({name, "x", false})) << name;
  }
  EXPECT_EQ(properties.application().size(), 9U);
  EXPECT_EQ(properties.application()[3].name, "origin-devices");
  properties.Clear();
  EXPECT_TRUE(properties.application().empty());
}

TEST(DevicePropertiesTest, ASendersOwnIdsAreSystemProperties) {
  DeviceProperties properties;
  EXPECT_TRUE(properties.Add({"$.mid", "7", false}));
  EXPECT_TRUE(properties.Add({"$.Cid", "8", false}));
  EXPECT_TRUE(properties.application().empty());
  ASSERT_EQ(properties.system().size(), 2U);
  EXPECT_EQ(properties.system()[0].name, "messageId");
  EXPECT_EQ(properties.system()[0].value, "7");
  EXPECT_EQ(properties.system()[1].name, "correlationId");
}

TEST(DevicePropertiesTest, OfASendersSystemPropertiesOfOneNameTheLastCounts) {
  DeviceProperties properties;
  EXPECT_TRUE(properties.Add({"$.cid", "first", false}));
  EXPECT_TRUE(properties.Add({"$.mid", "7", false}));
  EXPECT_TRUE(properties.Add({"$.CID", "last", false}));
  ASSERT_EQ(properties.system().size(), 2U);
  EXPECT_EQ(properties.system()[0].name, "correlationId");
  EXPECT_EQ(properties.system()[0].value, "last");
}

std::string Joined(std::span<const PropertyView> properties) {
  std::string all;
  for (const PropertyView& property : properties) {
    all += std::string(property.name) + "=" + std::string(property.value) + " ";
  }
  return all;
}

TEST(SurvivingPropertiesTest, OfEqualNamesTheLastCountsAndSetReplaces) {
  const auto is_set = [](std::string_view name) { return name == "replaced"; };
  const PropertyView few[] = {
      {"Alert", "a"}, {"b", "1"}, {"alert", "b"}, {"replaced", "x"}, {"ALERT", "c"}};
  SurvivingProperties survivors;
  EXPECT_EQ(Joined(survivors.Find(few, is_set)), "b=1 ALERT=c ");

  std::vector<PropertyView> many(few, few + 5);
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back("P" + std::to_string(i % 20));
  for (int i = 0; i < 40; ++i)
    many.push_back({names[static_cast<size_t>(i)], i < 20 ? "old" : "new"});
  many.push_back({"B", "2"});
  const auto found = survivors.Find(many, is_set);
  EXPECT_EQ(found.size(), 22U);
  EXPECT_EQ(Joined(found.first(2)), "ALERT=c P0=new ");
  EXPECT_EQ(Joined(found.last(1)), "B=2 ");
}

}  // namespace
}  // namespace sluice::pipeline
