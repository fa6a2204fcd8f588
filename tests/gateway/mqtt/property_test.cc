#include "gateway/mqtt/property.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

Reason Read(PacketType where, const std::string& block_with_length) {
  Reader reader(block_with_length);
  std::string_view block;
  return ReadProperties(where, &reader, &block, [](const Property&) {});
}

// A well-formed value of every property there is.
std::string Sample(PropertyId id) {
  std::string name = Bytes({static_cast<int>(id)});
  switch (FormOf(id)) {
    case PropertyForm::kByte:
      return name + Bytes({1});
    case PropertyForm::kTwoBytes:
      return name + Bytes({0, 9});
    case PropertyForm::kFourBytes:
      return name + Bytes({0, 0, 0, 9});
    case PropertyForm::kVariable:
      return name + Bytes({9});
    case PropertyForm::kText:
    case PropertyForm::kBinary:
      return name + Str("x");
    case PropertyForm::kPair:
      return name + Str("n") + Str("v");
    case PropertyForm::kNone:
      return name;
  }
  return {};
}

TEST(PropertyTest, StandsOnlyWhereTheTableSays) {
  using enum PacketType;
  const std::vector<PacketType> answers = {kConnack, kPuback,   kPubrec,     kPubrel, kPubcomp,
                                           kSuback,  kUnsuback, kDisconnect, kAuth};
  struct {
    PropertyId id;
    std::vector<PacketType> places;  // table 2-4
  } const kCases[] = {
      {PropertyId::kPayloadFormatIndicator, {kPublish, kWillProperties}},
      {PropertyId::kMessageExpiryInterval, {kPublish, kWillProperties}},
      {PropertyId::kContentType, {kPublish, kWillProperties}},
      {PropertyId::kResponseTopic, {kPublish, kWillProperties}},
      {PropertyId::kCorrelationData, {kPublish, kWillProperties}},
      {PropertyId::kSubscriptionIdentifier, {kPublish, kSubscribe}},
      {PropertyId::kSessionExpiryInterval, {kConnect, kConnack, kDisconnect}},
      {PropertyId::kAssignedClientIdentifier, {kConnack}},
      {PropertyId::kServerKeepAlive, {kConnack}},
      {PropertyId::kAuthenticationMethod, {kConnect, kConnack, kAuth}},
      {PropertyId::kAuthenticationData, {kConnect, kConnack, kAuth}},
      {PropertyId::kRequestProblemInformation, {kConnect}},
      {PropertyId::kWillDelayInterval, {kWillProperties}},
      {PropertyId::kRequestResponseInformation, {kConnect}},
      {PropertyId::kResponseInformation, {kConnack}},
      {PropertyId::kServerReference, {kConnack, kDisconnect}},
      {PropertyId::kReasonString, answers},
      {PropertyId::kReceiveMaximum, {kConnect, kConnack}},
      {PropertyId::kTopicAliasMaximum, {kConnect, kConnack}},
      {PropertyId::kTopicAlias, {kPublish}},
      {PropertyId::kMaximumQos, {kConnack}},
      {PropertyId::kRetainAvailable, {kConnack}},
      {PropertyId::kMaximumPacketSize, {kConnect, kConnack}},
      {PropertyId::kWildcardSubscriptionAvailable, {kConnack}},
      {PropertyId::kSubscriptionIdentifierAvailable, {kConnack}},
      {PropertyId::kSharedSubscriptionAvailable, {kConnack}},
  };
  for (const auto& c : kCases) {
    for (int type = 0; type < 16; ++type) {
      SCOPED_TRACE(testing::Message()
                   << "property " << static_cast<int>(c.id) << " in packet " << type);
      const bool allowed =
          std::find(c.places.begin(), c.places.end(), PacketType(type)) != c.places.end();
      EXPECT_EQ(Read(PacketType(type), Props(Sample(c.id))),
                allowed ? Reason::kSuccess : Reason::kProtocolError);
    }
  }
  for (int type = 0; type < 16; ++type) {
    const bool pings = type == 12 || type == 13;
    EXPECT_EQ(Read(PacketType(type), Props(Sample(PropertyId::kUserProperty))),
              pings ? Reason::kProtocolError : Reason::kSuccess);
  }
}

TEST(PropertyTest, RefusesUnknownIds) {
  for (int id = 0; id < 256; ++id) {
    if (FormOf(PropertyId(id)) != PropertyForm::kNone) continue;
    EXPECT_EQ(Read(PacketType::kPublish, Props(Bytes({id, 0, 0, 0, 0}))), Reason::kMalformedPacket)
        << id;
  }
}

TEST(PropertyTest, OnlySomeMayRepeat) {
  const std::string format = Sample(PropertyId::kPayloadFormatIndicator);
  EXPECT_EQ(Read(PacketType::kPublish, Props(format + format)), Reason::kProtocolError);
  const std::string user = Sample(PropertyId::kUserProperty);
  EXPECT_EQ(Read(PacketType::kPublish, Props(user + user)), Reason::kSuccess);
  const std::string id = Sample(PropertyId::kSubscriptionIdentifier);
  EXPECT_EQ(Read(PacketType::kPublish, Props(id + id)), Reason::kSuccess);
  EXPECT_EQ(Read(PacketType::kSubscribe, Props(id + id)), Reason::kProtocolError);
}

TEST(PropertyTest, Ranges) {
  struct {
    PacketType where;
    std::string property;
    Reason reason;
  } const kCases[] = {
      {PacketType::kPublish, Bytes({1, 0}), Reason::kSuccess},
      {PacketType::kPublish, Bytes({1, 2}), Reason::kProtocolError},  // payload format indicator
      {PacketType::kPublish, Bytes({35, 0, 0}), Reason::kTopicAliasInvalid},
      {PacketType::kPublish, Bytes({11, 0}), Reason::kProtocolError},  // subscription identifier
      {PacketType::kSubscribe, Bytes({11, 0xff, 0xff, 0xff, 0x7f}), Reason::kSuccess},
      {PacketType::kSubscribe, Bytes({11, 0x81, 0x00}),
       Reason::kMalformedPacket},  // not the shortest form
      {PacketType::kSubscribe, Bytes({11, 0x80, 0x80, 0x80, 0x80}), Reason::kMalformedPacket},
      {PacketType::kConnect, Bytes({33, 0, 0}), Reason::kProtocolError},  // receive maximum
      {PacketType::kConnect, Bytes({39, 0, 0, 0, 0}),
       Reason::kProtocolError},  // maximum packet size
      {PacketType::kConnect, Bytes({23, 2}), Reason::kProtocolError},
      {PacketType::kConnect, Bytes({25, 2}), Reason::kProtocolError},
      {PacketType::kConnect, Bytes({34, 0, 0}), Reason::kSuccess},
      {PacketType::kConnack, Bytes({36, 2}), Reason::kProtocolError},  // maximum QoS
      {PacketType::kConnack, Bytes({37, 2}), Reason::kProtocolError},
      {PacketType::kPublish, Bytes({8}) + Str("a/+"), Reason::kTopicNameInvalid},  // response topic
      {PacketType::kPublish, Bytes({8}) + Str(""), Reason::kTopicNameInvalid},
      {PacketType::kPublish, Bytes({3}) + Str(""), Reason::kSuccess},
      {PacketType::kPublish, Bytes({3}) + Str("\xff"), Reason::kMalformedPacket},
      {PacketType::kPublish, Bytes({9}) + Str("\xff"), Reason::kSuccess},  // bytes
      {PacketType::kPublish, Bytes({38}) + Str("\xff") + Str(""), Reason::kMalformedPacket},
      {PacketType::kPublish, Bytes({38}) + Str("") + Str(Bytes({0})), Reason::kMalformedPacket},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Read(c.where, Props(c.property)), c.reason) << testing::PrintToString(c.property);
  }
}

TEST(PropertyTest, RefusesEveryTruncation) {
  const std::string block = Bytes({1, 1, 2, 0, 0, 0, 5, 3}) + Str("text/plain") + Bytes({8}) +
                            Str("r") + Bytes({9}) + Str("c") + Bytes({35, 0, 1, 38}) + Str("n") +
                            Str("v");
  ASSERT_EQ(Read(PacketType::kPublish, Props(block)), Reason::kSuccess);
  const std::vector<size_t> kBoundaries = {0, 2, 7, 20, 24, 28, 31};
  for (size_t cut = 0; cut < block.size(); ++cut) {
    const bool whole = std::find(kBoundaries.begin(), kBoundaries.end(), cut) != kBoundaries.end();
    EXPECT_EQ(Read(PacketType::kPublish, Props(block.substr(0, cut))),
              whole ? Reason::kSuccess : Reason::kMalformedPacket)
        << cut;
    // The length announces more than there is.
    EXPECT_EQ(Read(PacketType::kPublish, Props(block).substr(0, cut)), Reason::kMalformedPacket)
        << cut;
  }
}

TEST(UserPropertiesTest, SkipsTheOthersAndKeepsOrder) {
  std::string block = Bytes({1, 1});
  ASSERT_TRUE(AppendUserProperty(&block, "a", "1"));
  block += Bytes({35, 0, 7});
  ASSERT_TRUE(AppendUserProperty(&block, "a", "2"));
  ASSERT_TRUE(AppendUserProperty(&block, "", ""));
  std::string seen;
  for (const Property& property : UserProperties(block)) {
    seen.append(property.text).append("=").append(property.value).append(";");
  }
  EXPECT_EQ(seen, "a=1;a=2;=;");
  EXPECT_TRUE(UserProperties(Bytes({1, 1})).empty());
  EXPECT_TRUE(UserProperties().empty());
}

TEST(UserPropertiesTest, AppendsOnlyWhatMqttCanCarry) {
  std::string block = "x";
  EXPECT_FALSE(AppendUserProperty(&block, std::string(65'536, 'a'), ""));
  EXPECT_FALSE(AppendUserProperty(&block, "a", "\xff"));
  EXPECT_FALSE(AppendUserProperty(&block, Bytes({0}), ""));
  EXPECT_EQ(block, "x");
}

}  // namespace
}  // namespace sluice::mqtt
