#include "gateway/uplink/envelope.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"

namespace sluice::uplink {
namespace {

using spool::Property;
using spool::RecordView;

RecordView Reading() {
  RecordView r;
  r.id = 7;
  r.time_us = 1'893'456'000'250'000;
  r.device = "press-01";
  r.topic = "plant/a/press-01/telemetry";
  r.body = R"({"temperature": 81.5})";
  r.body_is_json = true;
  return r;
}

std::string Member(const RecordView& record) {
  EnvelopeWriter writer("e5");
  std::string out;
  writer.AppendMember(record, &out);
  EXPECT_TRUE(nlohmann::json::accept(out)) << out;
  return out;
}

std::string Bag(const RecordView& record) {
  EnvelopeWriter writer("e5");
  PropertyBag bag;
  writer.FillBag(record, &bag);
  std::string dump;
  const auto entries = DecodePropertyBag(bag.text());
  if (!entries) return "no bag: " + bag.text();
  for (const BagEntry& e : *entries) {
    dump += e.is_null ? e.name + "\n" : e.name + "=" + e.value + "\n";
  }
  return dump;
}

constexpr std::string_view kOrigin =
    "origin-device=press-01\norigin-topic=plant/a/press-01/telemetry\n"
    "origin-time=2030-01-01T00:00:00.250Z\n";

// The hub closes the connection for such a pair, and would again each time the message is resent.
TEST(EnvelopeTest, APropertyWithoutANameTravelsInAnEnvelopeButInNoBag) {
  const Property device[] = {{"", "v"}, {"site", "7"}};
  RecordView r = Reading();
  r.device_properties = device;
  EXPECT_EQ(Bag(r),
            "$.mid=e5-7\n$.ct=application/json\n$.ce=utf-8\n" + std::string(kOrigin) + "site=7\n");
  EXPECT_NE(Member(r).find(R"("properties":{"":"v","site":"7"})"), std::string::npos);
}

TEST(EnvelopeTest, LeavesAbsentMembersOutAndTheBodyAsItCame) {
  EXPECT_EQ(Member(Reading()),
            R"({"id":"e5-7","device":"press-01","topic":"plant/a/press-01/telemetry",)"
            R"("time":"2030-01-01T00:00:00.250Z","body":{"temperature": 81.5}})");
}

TEST(EnvelopeTest, HoldsAllMembersInOrder) {
  const Property device[] = {{"site", "Hall \"7\""}, {"flag", "", true}};
  const Property system[] = {{"messageId", "m-1"}};
  RecordView r = Reading();
  r.content_type = "application/json";
  r.content_encoding = "UTF-8";
  r.device_properties = device;
  r.system_properties = system;
  EXPECT_EQ(Member(r), R"({"id":"e5-7","device":"press-01","topic":"plant/a/press-01/telemetry",)"
                       R"("time":"2030-01-01T00:00:00.250Z","contentType":"application/json",)"
                       R"("body":{"temperature": 81.5},)"
                       R"("properties":{"messageId":"m-1","site":"Hall \"7\"","flag":null}})");
}

TEST(EnvelopeTest, SaysHowABodyBecameAString) {
  struct {
    std::string_view body;
    bool is_json;
    std::string_view members;
  } const kCases[] = {
      {"[1]", true, R"("body":[1]})"},
      {"[1]", false, R"("encoding":"text","body":"[1]"})"},
      {"a\nb", false, R"("encoding":"text","body":"a\nb"})"},
      {"", false, R"("encoding":"text","body":""})"},
      {"\xff\xfe", false, R"("encoding":"base64","body":"//4="})"},
  };
  for (const auto& c : kCases) {
    RecordView r = Reading();
    r.body = c.body;
    r.body_is_json = c.is_json;
    const std::string member = Member(r);
    EXPECT_EQ(member.substr(member.find("Z\",") + 3), c.members);
  }
}

TEST(EnvelopeTest, RepairsNamesThatAreNoUtf8) {
  struct {
    std::string_view device;
    std::string_view text;
  } const kCases[] = {
      {"\xff", "\xef\xbf\xbd"},
      {"a\xc2", "a\xef\xbf\xbd"},
      {"\xc2\xb0\x80\"", "\xc2\xb0\xef\xbf\xbd\\\""},
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  // a surrogate is no UTF-8
  };
  for (const auto& c : kCases) {
    RecordView r = Reading();
    r.device = c.device;
    EXPECT_NE(Member(r).find("\"device\":\"" + std::string(c.text) + "\","), std::string::npos);
  }
}

TEST(EnvelopeTest, KeepsAForeignEncodingAsAProperty) {
  RecordView r = Reading();
  r.body = "\xff\xfe\x31";
  r.body_is_json = false;
  r.content_encoding = "utf-16";
  EXPECT_NE(Member(r).find(R"("properties":{"contentEncoding":"utf-16"})"), std::string::npos);
}

TEST(EnvelopeTest, OfEqualNamesOneSurvives) {
  const Property device[] = {{"site", "1"}, {"SITE", "2"}, {"alert", "mine"}, {"messageID", "x"}};
  const Property system[] = {{"messageId", "m-1"}};
  const Property hub[] = {{"Alert", "set"}};
  RecordView r = Reading();
  r.device_properties = device;
  r.system_properties = system;
  r.hub_properties = hub;
  EXPECT_NE(Member(r).find(R"("properties":{"messageId":"m-1","SITE":"2"}})"), std::string::npos);
  EXPECT_EQ(Bag(r), "$.mid=e5-7\n$.ct=application/json\n$.ce=utf-8\n" + std::string(kOrigin) +
                        "messageId=m-1\nSITE=2\nAlert=set\n");
}

// Above the few that are compared pair by pair the outcome is the same.
TEST(EnvelopeTest, OfManyEqualNamesOneSurvives) {
  std::vector<std::string> names;
  std::vector<Property> device;
  for (int i = 0; i < 40; ++i) names.push_back((i % 2 == 0 ? "p" : "P") + std::to_string(i % 20));
  for (const std::string& name : names) device.push_back({name, name});
  const Property hub[] = {{"p19", "set"}};
  RecordView r = Reading();
  r.device_properties = device;
  r.hub_properties = hub;
  std::string expected;
  for (size_t i = 20; i < 39; ++i) expected += names[i] + "=" + names[i] + "\n";
  EXPECT_EQ(Bag(r), "$.mid=e5-7\n$.ct=application/json\n$.ce=utf-8\n" + std::string(kOrigin) +
                        expected + "p19=set\n");
}

TEST(EnvelopeTest, ContentTypeAndEncodingOfWhatTravelsAlone) {
  constexpr std::string_view kNone = "";
  const std::string_view absent;
  struct {
    std::string_view body;
    bool is_json;
    std::string_view type;
    std::string_view encoding;
    std::string_view bag;
  } const kCases[] = {
      {"{}", true, absent, absent, "$.ct=application/json\n$.ce=utf-8\n"},
      {"hot", false, absent, absent, "$.ct=text/plain\n$.ce=utf-8\n"},
      {"\xff", false, absent, absent, "$.ct=application/octet-stream\n"},
      {"{}", true, "application/json", absent, "$.ct=application/json\n$.ce=utf-8\n"},
      {"\xff", false, "application/json", "utf-16", "$.ct=application/json\n$.ce=utf-16\n"},
      {"abc", false, "application/octet-stream", absent, "$.ct=application/octet-stream\n"},
      {"\xff", false, "image/png", absent, "$.ct=image/png\n"},
      {"abc", false, kNone, absent, "$.ct=\n$.ce=utf-8\n"},
  };
  for (const auto& c : kCases) {
    RecordView r = Reading();
    r.body = c.body;
    r.body_is_json = c.is_json;
    r.content_type = c.type;
    r.content_encoding = c.encoding;
    EXPECT_EQ(Bag(r), "$.mid=e5-7\n" + std::string(c.bag) + std::string(kOrigin));
  }
}

TEST(EnvelopeTest, SystemPropertiesOfTheDeviceKeepTheirKeys) {
  const Property system[] = {
      {"messageId", "m-1"}, {"correlationId", "c"}, {"creation-time-utc", "t"}};
  RecordView r = Reading();
  r.system_properties = system;
  EXPECT_EQ(Bag(r), "$.mid=e5-7\n$.ct=application/json\n$.ce=utf-8\n" + std::string(kOrigin) +
                        "messageId=m-1\n$.cid=c\n$.ctime=t\n");
}

}  // namespace
}  // namespace sluice::uplink
