#include "tests/devhub/property_bag.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::devhub {

void PrintTo(const Property& property, std::ostream* out) {
  *out << property.name << (property.is_null ? " (null)" : "=" + property.value);
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Property> Pairs(std::string_view bag) {
  std::vector<Property> pairs;
  const absl::Status status = ParseBag(bag, &pairs);
  EXPECT_TRUE(status.ok()) << status;
  return pairs;
}

MessageProperties Sorted(std::string_view bag) {
  MessageProperties properties;
  const absl::Status status = SortProperties(Pairs(bag), &properties);
  EXPECT_TRUE(status.ok()) << status;
  return properties;
}

TEST(PropertyBagTest, ReadsTheSheetsExample) {
  const MessageProperties properties = Sorted(
      "%24.ct=application%2Fjson&%24.ce=utf-8&%24.mid=m-42&site=Hall%207%2FB&temp%26unit=50%20%C2%"
      "B0C");
  EXPECT_THAT(properties.application,
              ElementsAre(Property{"site", "Hall 7/B"}, Property{"temp&unit", "50 °C"}));
  EXPECT_THAT(properties.system,
              ElementsAre(Property{"contentType", "application/json"},
                          Property{"contentEncoding", "utf-8"}, Property{"messageId", "m-42"}));
}

TEST(PropertyBagTest, Values) {
  EXPECT_THAT(Pairs(""), IsEmpty());
  EXPECT_THAT(Pairs("a"), ElementsAre(Property{"a", "", true}));  // no "=": null
  EXPECT_THAT(Pairs("a="), ElementsAre(Property{"a", "", false}));
  EXPECT_THAT(Pairs("a+b=c+d"), ElementsAre(Property{"a+b", "c+d"}));
  EXPECT_THAT(Pairs("?a=1"), ElementsAre(Property{"a", "1"}));  // old samples
  EXPECT_THAT(Pairs("%3Fa=1"), ElementsAre(Property{"?a", "1"}));
}

TEST(PropertyBagTest, OfEqualNamesTheLastValueCounts) {
  EXPECT_THAT(Pairs("Site=1&b=2&sITE=3"), ElementsAre(Property{"Site", "3"}, Property{"b", "2"}));
  EXPECT_THAT(Pairs("a=1&A"), ElementsAre(Property{"a", "", true}));
}

// The index by name takes over where the linear search would be slow; it must agree with it.
TEST(PropertyBagTest, ManyNames) {
  std::string bag;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 500; ++i) {
      bag +=
          fmt::format("{}{}{}={}", bag.empty() ? "" : "&", round == 0 ? "name" : "NAME", i, round);
    }
  }
  const std::vector<Property> pairs = Pairs(bag);
  ASSERT_EQ(pairs.size(), 500u);
  for (int i = 0; i < 500; ++i)
    EXPECT_EQ(pairs[static_cast<size_t>(i)], (Property{fmt::format("name{}", i), "1"}));
}

TEST(PropertyBagTest, RefusesMalformedBags) {
  const std::string_view kBad[] = {
      "&",   "a=1&", "&a=1",  "a=1&&b=2", "=1",    "a=1=2",
      "a=%", "a=%2", "%zz=1", "a=%FF",    "%C3=1", "a=%ED%A0%80",
  };
  std::vector<Property> pairs;
  for (const auto bag : kBad) EXPECT_FALSE(ParseBag(bag, &pairs).ok()) << bag;
}

// The hub stamps these, and a sender can never forge them.
TEST(PropertyBagTest, StampedNamesAreLeftOut) {
  const MessageProperties properties = Sorted(
      "iothub-connection-device-id=other&IoTHub-Connection-Auth-Method=x&iothub-enqueuedtime=1&%24."
      "cdid=other"
      "&$.CMID=m&iothub-connection-module-id=m&iothub-connection-auth-generation-id=7&ok=1");
  EXPECT_THAT(properties.application, ElementsAre(Property{"ok", "1"}));
  EXPECT_THAT(properties.system, IsEmpty());
}

TEST(PropertyBagTest, SystemNames) {
  EXPECT_THAT(
      Sorted("$.cid=c&$.UID=u&$.on=out1&$.sub=s&$.ctime=t&$.exp=e&$.ifid=i&$.schema=m&$.to=x")
          .system,
      ElementsAre(Property{"correlationId", "c"}, Property{"userId", "u"},
                  Property{"outputName", "out1"}, Property{"dt-subject", "s"},
                  Property{"creation-time-utc", "t"}, Property{"absolute-expiry-time", "e"},
                  Property{"iothub-interface-id", "i"}, Property{"messageSchema", "m"},
                  Property{"to", "x"}));
}

TEST(PropertyBagTest, MessageIdObeysItsRule) {
  MessageProperties properties;
  EXPECT_TRUE(SortProperties(Pairs("$.mid=a-:.%2B%25_%23*?!(),%3D@;$'"), &properties).ok());
  EXPECT_TRUE(SortProperties(Pairs("$.mid=" + std::string(128, 'x')), &properties).ok());
  EXPECT_FALSE(SortProperties(Pairs("$.mid=" + std::string(129, 'x')), &properties).ok());
  EXPECT_FALSE(SortProperties(Pairs("$.mid=a%2Fb"), &properties).ok());
  EXPECT_FALSE(SortProperties(Pairs("$.mid="), &properties).ok());
  EXPECT_FALSE(SortProperties(Pairs("$.mid"), &properties).ok());
}

TEST(PropertyBagTest, MeteredSizeCountsValuesOfSystemAndWholeApplicationProperties) {
  EXPECT_EQ(MeteredSize(Sorted("$.ct=12345&site=abc&null")), 5u + 7u + 4u);
  EXPECT_EQ(MeteredSize(Sorted("u=%C2%B0")), 3u);  // decoded bytes
  EXPECT_EQ(MeteredSize(Sorted("")), 0u);
}

}  // namespace
}  // namespace sluice::devhub
