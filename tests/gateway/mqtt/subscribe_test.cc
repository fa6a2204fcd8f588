#include "gateway/mqtt/subscribe.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/mqtt/unsubscribe.h"
#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

const std::string kId = Bytes({0, 7});

TEST(DecodeSubscribeTest, Version5) {
  const std::string body =
      kId + Props(Bytes({11, 9})) + Str("a/#") + Bytes({0x2e}) + Str("b") + Bytes({0});
  const auto subscribe = DecodeSubscribe(Version::k5, body);
  ASSERT_TRUE(subscribe.ok());
  EXPECT_EQ(subscribe->packet_id, 7);
  EXPECT_EQ(subscribe->subscription_id, 9u);
  ASSERT_EQ(subscribe->count, 2u);
  auto it = subscribe->subscriptions.begin();
  EXPECT_EQ(it->filter, "a/#");
  EXPECT_EQ(it->qos, 2);
  EXPECT_TRUE(it->no_local);
  EXPECT_TRUE(it->retain_as_published);
  EXPECT_EQ(it->retain_handling, 2);
  ++it;
  EXPECT_EQ(it->filter, "b");
  EXPECT_EQ(it->qos, 0);
  EXPECT_FALSE(it->no_local);
  ++it;
  EXPECT_EQ(it, subscribe->subscriptions.end());
}

TEST(DecodeSubscribeTest, Refusals) {
  struct {
    const char* what;
    Version version;
    std::string body;
    Reason reason;
  } const kCases[] = {
      {"packet id 0", Version::k311, Bytes({0, 0}) + Str("a") + Bytes({0}), Reason::kProtocolError},
      {"no filter [MQTT-3.8.3-2]", Version::k311, kId, Reason::kProtocolError},
      {"no filter [MQTT-3.8.3-2]", Version::k5, kId + Props(""), Reason::kProtocolError},
      {"no options", Version::k311, kId + Str("a"), Reason::kMalformedPacket},
      {"QoS 3", Version::k311, kId + Str("a") + Bytes({3}), Reason::kMalformedPacket},
      {"QoS 3", Version::k5, kId + Props("") + Str("a") + Bytes({3}), Reason::kProtocolError},
      {"3.1.1: reserved bits", Version::k311, kId + Str("a") + Bytes({4}),
       Reason::kMalformedPacket},
      {"reserved bits [MQTT-3.8.3-5]", Version::k5, kId + Props("") + Str("a") + Bytes({0x40}),
       Reason::kMalformedPacket},
      {"retain handling 3", Version::k5, kId + Props("") + Str("a") + Bytes({0x30}),
       Reason::kProtocolError},
      {"no local, shared [MQTT-3.8.3-4]", Version::k5,
       kId + Props("") + Str("$share/g/a") + Bytes({4}), Reason::kProtocolError},
      {"filter", Version::k5, kId + Props("") + Str("a#") + Bytes({0}),
       Reason::kTopicFilterInvalid},
      {"empty filter", Version::k311, kId + Str("") + Bytes({0}), Reason::kTopicFilterInvalid},
      {"second filter", Version::k311, kId + Str("a") + Bytes({0}) + Str("#/a") + Bytes({0}),
       Reason::kTopicFilterInvalid},
      {"ill-formed filter", Version::k311, kId + Str("\xff") + Bytes({0}),
       Reason::kMalformedPacket},
      {"subscription id 0", Version::k5, kId + Props(Bytes({11, 0})) + Str("a") + Bytes({0}),
       Reason::kProtocolError},
      {"cut", Version::k311, kId + Bytes({0, 9, 'a'}), Reason::kMalformedPacket},
      {"cut", Version::k311, Bytes({0}), Reason::kMalformedPacket},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    EXPECT_EQ(DecodeSubscribe(c.version, c.body).reason(), c.reason);
  }
}

TEST(SubackTest, ReasonsByVersion) {
  const std::vector<Reason> reasons = {Reason::kGrantedQos1, Reason::kNotAuthorized,
                                       Reason::kSharedSubscriptionsNotSupported};
  const auto encode = [&](Version version) {
    return Encoded([&](std::span<char> out) { return EncodeSuback(version, 7, reasons, out); });
  };
  EXPECT_EQ(encode(Version::k311), Bytes({0x90, 5, 0, 7, 1, 0x80, 0x80}));
  EXPECT_EQ(encode(Version::k5), Bytes({0x90, 6, 0, 7, 0, 1, 0x87, 0x9e}));
  const std::string packet = encode(Version::k5);
  const auto suback = DecodeSuback(Version::k5, BodyOf(packet));
  ASSERT_TRUE(suback.ok());
  EXPECT_EQ(suback->packet_id, 7);
  ASSERT_EQ(suback->reasons.size(), 3u);
  EXPECT_EQ(suback->reason(1), Reason::kNotAuthorized);
}

TEST(SubackTest, Refusals) {
  EXPECT_EQ(DecodeSuback(Version::k311, kId + Bytes({0x87})).reason(), Reason::kProtocolError);
  EXPECT_EQ(DecodeSuback(Version::k311, kId).reason(), Reason::kMalformedPacket);
  EXPECT_EQ(DecodeSuback(Version::k5, kId + Props("") + Bytes({3})).reason(),
            Reason::kProtocolError);
  EXPECT_EQ(DecodeSuback(Version::k5, kId + Props(Bytes({11, 1})) + Bytes({0})).reason(),
            Reason::kProtocolError);
}

TEST(UnsubscribeTest, RoundTrips) {
  const std::vector<std::string_view> filters = {"a/#", "$share/g/b", "+"};
  for (const Version version : {Version::k311, Version::k5}) {
    const std::string packet =
        Encoded([&](std::span<char> out) { return EncodeUnsubscribe(version, 7, filters, out); });
    const auto unsubscribe = DecodeUnsubscribe(version, BodyOf(packet));
    ASSERT_TRUE(unsubscribe.ok());
    EXPECT_EQ(unsubscribe->packet_id, 7);
    EXPECT_EQ(unsubscribe->count, 3u);
    std::vector<std::string_view> decoded;
    for (const std::string_view filter : unsubscribe->filters) decoded.push_back(filter);
    EXPECT_EQ(decoded, filters);
  }
}

TEST(UnsubscribeTest, Refusals) {
  EXPECT_EQ(DecodeUnsubscribe(Version::k311, kId).reason(),
            Reason::kProtocolError);  // [MQTT-3.10.3-2]
  EXPECT_EQ(DecodeUnsubscribe(Version::k311, Bytes({0, 0}) + Str("a")).reason(),
            Reason::kProtocolError);
  EXPECT_EQ(DecodeUnsubscribe(Version::k311, kId + Str("a#")).reason(),
            Reason::kTopicFilterInvalid);
  EXPECT_EQ(DecodeUnsubscribe(Version::k311, kId + Str("\xff")).reason(), Reason::kMalformedPacket);
  EXPECT_EQ(DecodeUnsubscribe(Version::k311, kId + Bytes({0, 2, 'a'})).reason(),
            Reason::kMalformedPacket);
}

TEST(UnsubackTest, ReasonsInVersion5Alone) {
  const std::vector<Reason> reasons = {Reason::kSuccess, Reason::kNoSubscriptionExisted};
  const auto encode = [&](Version version) {
    return Encoded([&](std::span<char> out) { return EncodeUnsuback(version, 7, reasons, out); });
  };
  EXPECT_EQ(encode(Version::k311), Bytes({0xb0, 2, 0, 7}));
  EXPECT_EQ(encode(Version::k5), Bytes({0xb0, 5, 0, 7, 0, 0, 0x11}));
  EXPECT_TRUE(DecodeUnsuback(Version::k311, kId).ok());
  EXPECT_EQ(DecodeUnsuback(Version::k311, kId + "x").reason(), Reason::kMalformedPacket);
  EXPECT_EQ(DecodeUnsuback(Version::k5, kId + Props("") + Bytes({1})).reason(),
            Reason::kProtocolError);
}

}  // namespace
}  // namespace sluice::mqtt
