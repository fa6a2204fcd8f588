#include "gateway/uplink/property_bag.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::uplink {
namespace {

// The byte-exact example of azure/iot-hub-mqtt.md section 6.
TEST(PropertyBagTest, EncodesTheExampleExactly) {
  PropertyBag bag;
  bag.AddSystem("$.ct", "application/json");
  bag.AddSystem("$.ce", "utf-8");
  bag.AddSystem("$.mid", "m-42");
  bag.AddApplication("site", "Hall 7/B");
  bag.AddApplication("temp&unit",
                     "50 \xc2\xb0"
                     "C");
  EXPECT_EQ(
      bag.text(),
      "%24.ct=application%2Fjson&%24.ce=utf-8&%24.mid=m-42&site=Hall%207%2FB&temp%26unit=50%20%C2%"
      "B0C");
}

TEST(PropertyBagTest, MetersValuesOfSystemAndNamesAndValuesOfApplicationProperties) {
  PropertyBag bag;
  bag.AddSystem("$.ct", "application/json");
  EXPECT_EQ(bag.metered_bytes(), 16u);
  bag.AddApplication("site", "Hall 7/B");
  EXPECT_EQ(bag.metered_bytes(), 16u + 4 + 8) << "unencoded";
  bag.AddNull("flag");
  EXPECT_EQ(bag.metered_bytes(), 16u + 4 + 8 + 4);
  EXPECT_EQ(bag.text(), "%24.ct=application%2Fjson&site=Hall%207%2FB&flag");
}

TEST(PropertyBagTest, EncodesAllButTheUnreserved) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  std::string encoded;
  AppendPercentEncoded(all, &encoded);
  std::string literal;
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] == '%') {
      i += 2;
    } else {
      literal.push_back(encoded[i]);
    }
  }
  EXPECT_EQ(literal, "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");
  EXPECT_EQ(PercentDecode(encoded).value(), all);
}

TEST(PropertyBagTest, DecodesAsTheHubDoes) {
  struct {
    std::string_view bag;
    std::string_view dump;  // "name=value;" or "name;", "!" where it is refused
  } const kCases[] = {
      {"", ""},
      {"a=1", "a=1;"},
      {"a=1&b=2", "a=1;b=2;"},
      {"a=1/", "a=1;"},
      {"?a=1", "a=1;"},
      {"$.ct=x&%24.ce=y", "$.ct=x;$.ce=y;"},
      {"flag&empty=", "flag;empty=;"},
      {"a=b=c", "a=b=c;"},
      {"a+b=%2B%20", "a+b=+ ;"},
      {"a=%c2%b0", "a=\xc2\xb0;"},
      {"a=%", "!"},
      {"a=%4", "!"},
      {"a=%zz", "!"},
      {"=v", "!"},
      {"a=1&&b=2", "!"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.bag);
    const auto entries = DecodePropertyBag(c.bag);
    std::string dump = entries ? "" : "!";
    if (entries) {
      for (const BagEntry& e : *entries) dump += e.name + (e.is_null ? ";" : "=" + e.value + ";");
    }
    EXPECT_EQ(dump, c.dump);
  }
}

TEST(PropertyBagTest, NamesIgnoreCase) {
  EXPECT_TRUE(EqualsIgnoringCase("Site", "sITE"));
  EXPECT_FALSE(EqualsIgnoringCase("site", "sites"));
  EXPECT_FALSE(EqualsIgnoringCase("a", "b"));
}

TEST(PropertyBagTest, KnowsWhatASenderMaySet) {
  EXPECT_EQ(SystemPropertyKey("correlationId"), "$.cid");
  EXPECT_EQ(SystemPropertyKey("CREATION-TIME-UTC"), "$.ctime");
  EXPECT_EQ(SystemPropertyKey("connectionDeviceId"), "") << "the hub's alone";
  EXPECT_EQ(SystemPropertyKey("messageId"), "") << "the gateway's own";
}

}  // namespace
}  // namespace sluice::uplink
