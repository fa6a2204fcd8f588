#include "gateway/mqtt/publish.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

constexpr uint8_t kQos0 = 0;
constexpr uint8_t kQos1 = 2;
constexpr uint8_t kQos2 = 4;
constexpr uint8_t kQos3 = 6;
constexpr uint8_t kDup = 8;
constexpr uint8_t kRetain = 1;

TEST(DecodePublishTest, Version311) {
  const std::string body = Str("plant/a") + Bytes({0x12, 0x34}) + "{\"t\":1}";
  const auto publish = DecodePublish(Version::k311, Sender::kClient, kQos2 | kDup | kRetain, body);
  ASSERT_TRUE(publish.ok());
  EXPECT_EQ(publish->topic, "plant/a");
  EXPECT_EQ(publish->payload, "{\"t\":1}");
  EXPECT_EQ(publish->packet_id, 0x1234);
  EXPECT_EQ(publish->qos, 2);
  EXPECT_TRUE(publish->dup);
  EXPECT_TRUE(publish->retain);
  EXPECT_FALSE(publish->content_type.has_value());
  EXPECT_EQ(publish->payload.data(), body.data() + body.size() - 7);  // a view, no copy
}

TEST(DecodePublishTest, Version5WithEveryProperty) {
  const std::string block = Bytes({1, 1, 2, 0, 0, 1, 0, 35, 0, 7, 3}) + Str("application/json") +
                            Bytes({8}) + Str("reply") + Bytes({9}) + Str("\xff") + Bytes({38}) +
                            Str("k") + Str("v");
  const std::string body = Str("t") + Props(block) + "x";
  const auto publish = DecodePublish(Version::k5, Sender::kClient, kQos0, body);
  ASSERT_TRUE(publish.ok());
  EXPECT_TRUE(publish->payload_is_utf8);
  EXPECT_EQ(publish->message_expiry_s, 256u);
  EXPECT_EQ(publish->topic_alias, 7);
  EXPECT_EQ(publish->content_type, "application/json");
  EXPECT_EQ(publish->response_topic, "reply");
  EXPECT_EQ(publish->correlation_data, "\xff");
  EXPECT_EQ(publish->user_properties.begin()->value, "v");
  EXPECT_EQ(publish->payload, "x");
}

TEST(DecodePublishTest, Refusals) {
  struct {
    const char* what;
    Version version;
    uint8_t flags;
    std::string body;
    Reason reason;
  } const kCases[] = {
      {"QoS 3 [MQTT-3.3.1-4]", Version::k5, kQos3, Str("t") + Bytes({0, 1, 0}),
       Reason::kMalformedPacket},
      {"DUP at QoS 0 [MQTT-3.3.1-2]", Version::k5, kDup, Str("t") + Props(""),
       Reason::kMalformedPacket},
      {"packet id 0 [MQTT-2.2.1-3]", Version::k311, kQos1, Str("t") + Bytes({0, 0}),
       Reason::kProtocolError},
      {"wildcard [MQTT-3.3.2-2]", Version::k311, kQos0, Str("a/+"), Reason::kTopicNameInvalid},
      {"wildcard [MQTT-3.3.2-2]", Version::k5, kQos0, Str("#") + Props(""),
       Reason::kTopicNameInvalid},
      {"NUL in the topic", Version::k5, kQos0, Str(Bytes({'a', 0})) + Props(""),
       Reason::kMalformedPacket},
      {"ill-formed topic", Version::k311, kQos0, Str("\xc0\x80"), Reason::kMalformedPacket},
      {"empty topic", Version::k311, kQos0, Str(""), Reason::kProtocolError},
      {"empty topic, no alias", Version::k5, kQos0, Str("") + Props(""), Reason::kProtocolError},
      {"alias 0 [MQTT-3.3.2-8]", Version::k5, kQos0, Str("") + Props(Bytes({35, 0, 0})),
       Reason::kTopicAliasInvalid},
      {"alias twice", Version::k5, kQos0, Str("t") + Props(Bytes({35, 0, 1, 35, 0, 1})),
       Reason::kProtocolError},
      {"subscription id of a client [MQTT-3.3.4-6]", Version::k5, kQos0,
       Str("t") + Props(Bytes({11, 1})), Reason::kProtocolError},
      {"a property of CONNECT", Version::k5, kQos0, Str("t") + Props(Bytes({33, 0, 1})),
       Reason::kProtocolError},
      {"no body", Version::k5, kQos0, "", Reason::kMalformedPacket},
      {"topic cut", Version::k5, kQos0, Bytes({0, 5, 'a'}), Reason::kMalformedPacket},
      {"no packet id", Version::k311, kQos1, Str("t") + Bytes({0}), Reason::kMalformedPacket},
      {"no property length", Version::k5, kQos0, Str("t"), Reason::kMalformedPacket},
      {"properties cut", Version::k5, kQos0, Str("t") + Bytes({5, 1, 1}), Reason::kMalformedPacket},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    const auto publish = DecodePublish(c.version, Sender::kClient, c.flags, c.body);
    ASSERT_FALSE(publish.ok());
    EXPECT_EQ(publish.reason(), c.reason) << ReasonName(publish.reason());
  }
}

TEST(DecodePublishTest, EmptyTopicWithAliasIsTheConnectionsToResolve) {
  const std::string body = Str("") + Props(Bytes({35, 0, 9})) + "x";
  const auto publish = DecodePublish(Version::k5, Sender::kClient, kQos0, body);
  ASSERT_TRUE(publish.ok());
  EXPECT_EQ(publish->topic, "");
  EXPECT_EQ(publish->topic_alias, 9);
}

TEST(DecodePublishTest, ServerMaySendSubscriptionIds) {
  const std::string body = Str("t") + Props(Bytes({11, 5, 11, 6}));
  const auto publish = DecodePublish(Version::k5, Sender::kServer, kQos0, body);
  ASSERT_TRUE(publish.ok());
  EXPECT_EQ(publish->subscription_id, 5u);
}

TEST(DecodePublishTest, SaysWhenThePayloadBreaksItsDeclaredFormat) {
  struct {
    const char* property;
    std::string payload;
    bool violated;
  } const kCases[] = {
      {"\x01\x01", "gr\xc3\xbc\xc3\x9f", false},
      {"\x01\x01", "\xff", true},
      {"\x01\x01", "", false},
      {"\x01\x01", Bytes({0}), false},  // U+0000 is well-formed; only strings exclude it
  };
  for (const auto& c : kCases) {
    const std::string body = Str("t") + Props(c.property) + c.payload;
    const auto publish = DecodePublish(Version::k5, Sender::kClient, kQos0, body);
    ASSERT_TRUE(publish.ok());
    EXPECT_EQ(publish->payload_format_violated, c.violated) << testing::PrintToString(c.payload);
  }
  // Declared nothing, or declared bytes: anything goes.
  for (const std::string& block : {std::string(), Bytes({1, 0})}) {
    const auto publish =
        DecodePublish(Version::k5, Sender::kClient, kQos0, Str("t") + Props(block) + "\xff");
    ASSERT_TRUE(publish.ok());
    EXPECT_FALSE(publish->payload_format_violated);
  }
}

TEST(EncodePublishTest, Bytes) {
  PublishView publish;
  publish.topic = "a/b";
  publish.payload = "hi";
  EXPECT_EQ(
      Encoded([&](std::span<char> out) { return EncodePublish(Version::k311, publish, out); }),
      mqtt::Bytes({0x30, 7}) + Str("a/b") + "hi");
  publish.qos = 1;
  publish.packet_id = 10;
  publish.dup = true;
  publish.retain = true;
  publish.topic_alias = 3;
  EXPECT_EQ(Encoded([&](std::span<char> out) { return EncodePublish(Version::k5, publish, out); }),
            mqtt::Bytes({0x3b, 13}) + Str("a/b") + mqtt::Bytes({0, 10, 3, 35, 0, 3}) + "hi");
}

TEST(EncodePublishTest, WritesNothingWithoutRoom) {
  PublishView publish;
  publish.topic = "a/b";
  std::array<char, 7> buffer{};
  const std::span<char> all(buffer);
  EXPECT_EQ(EncodePublish(Version::k311, publish, all.first(6)), 7u);
  EXPECT_EQ(buffer, (std::array<char, 7>{}));
  EXPECT_EQ(EncodePublish(Version::k311, publish, all), 7u);
  EXPECT_EQ(buffer[0], 0x30);
}

TEST(EncodePublishTest, RefusesWhatFitsNoPacket) {
  const std::string huge(65'536, 'a');
  PublishView publish;
  publish.topic = huge;
  EXPECT_EQ(EncodePublish(Version::k5, publish, {}), 0u);
  publish.topic = "t";
  publish.content_type = huge;
  EXPECT_EQ(EncodePublish(Version::k5, publish, {}), 0u);
  EXPECT_EQ(EncodePublish(Version::k311, publish, {}), 5u);  // which has no content type
}

}  // namespace
}  // namespace sluice::mqtt
