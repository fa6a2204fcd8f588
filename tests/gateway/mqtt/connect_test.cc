#include "gateway/mqtt/connect.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/gateway/mqtt/packet_bytes.h"

namespace sluice::mqtt {
namespace {

std::string Head(int level, int flags, int keep_alive = 60) {
  return Str("MQTT") + Bytes({level, flags, keep_alive >> 8, keep_alive & 0xff});
}

TEST(DecodeConnectTest, Version311) {
  const std::string body = Head(4, 0xc2) + Str("dev") + Str("user") + Str("secret");
  const auto connect = DecodeConnect(body);
  ASSERT_TRUE(connect.ok());
  EXPECT_EQ(connect->version, Version::k311);
  EXPECT_TRUE(connect->clean_start);
  EXPECT_EQ(connect->keep_alive_s, 60);
  EXPECT_EQ(connect->client_id, "dev");
  EXPECT_EQ(connect->user_name, "user");
  EXPECT_EQ(connect->password, "secret");
  EXPECT_FALSE(connect->will.has_value());
}

TEST(DecodeConnectTest, Version5WithEverything) {
  std::string user;
  AppendUserProperty(&user, "k", "v");
  const std::string block =
      Bytes({17, 0, 0, 0, 60, 33, 0, 10, 39, 0, 1, 0, 0, 34, 0, 5, 25, 1, 23, 0, 21}) +
      Str("SCRAM") + Bytes({22}) + Str("\xff") + user;
  const std::string will_block = Bytes({24, 0, 0, 0, 5, 1, 1, 2, 0, 0, 0, 9, 3}) +
                                 Str("text/plain") + Bytes({8}) + Str("r") + Bytes({9}) + Str("c");
  const std::string body = Head(5, 0xf4) + Props(block) + Str("dev") + Props(will_block) +
                           Str("will/t") + Str("bye") + Str("u") + Str("p");
  const auto connect = DecodeConnect(body);
  ASSERT_TRUE(connect.ok()) << ReasonName(connect.reason());
  EXPECT_FALSE(connect->clean_start);
  EXPECT_EQ(connect->session_expiry_s, 60u);
  EXPECT_EQ(connect->receive_maximum, 10);
  EXPECT_EQ(connect->maximum_packet_size, 65'536u);
  EXPECT_EQ(connect->topic_alias_maximum, 5);
  EXPECT_TRUE(connect->request_response_information);
  EXPECT_FALSE(connect->request_problem_information);
  EXPECT_EQ(connect->authentication_method, "SCRAM");
  EXPECT_EQ(connect->authentication_data, "\xff");
  EXPECT_EQ(connect->user_properties.begin()->text, "k");
  ASSERT_TRUE(connect->will.has_value());
  EXPECT_EQ(connect->will->topic, "will/t");
  EXPECT_EQ(connect->will->payload, "bye");
  EXPECT_EQ(connect->will->qos, 2);
  EXPECT_TRUE(connect->will->retain);
  EXPECT_EQ(connect->will->delay_s, 5u);
  EXPECT_TRUE(connect->will->payload_is_utf8);
  EXPECT_EQ(connect->will->message_expiry_s, 9u);
  EXPECT_EQ(connect->will->content_type, "text/plain");
  EXPECT_EQ(connect->will->response_topic, "r");
  EXPECT_EQ(connect->will->correlation_data, "c");
}

TEST(DecodeConnectTest, AnAbsentPropertyMeansItsDefault) {
  const std::string body = Head(5, 2) + Props("") + Str("");
  const auto connect = DecodeConnect(body);
  ASSERT_TRUE(connect.ok());
  EXPECT_EQ(connect->client_id, "");
  EXPECT_EQ(connect->session_expiry_s, 0u);
  EXPECT_EQ(connect->receive_maximum, 65'535);
  EXPECT_EQ(connect->topic_alias_maximum, 0);
  EXPECT_TRUE(connect->request_problem_information);
}

TEST(DecodeConnectTest, Refusals) {
  const std::string rest5 = Props("") + Str("dev");
  struct {
    const char* what;
    std::string body;
    Reason reason;
  } const kCases[] = {
      {"MQTT 3.1", Str("MQIsdp") + Bytes({3, 2, 0, 60}) + Str("dev"),
       Reason::kUnsupportedProtocolVersion},
      {"level 3", Head(3, 2) + Str("dev"), Reason::kUnsupportedProtocolVersion},
      {"level 6", Head(6, 2) + rest5, Reason::kUnsupportedProtocolVersion},
      {"a bridge's level 0x84", Head(0x84, 2) + Str("dev"), Reason::kUnsupportedProtocolVersion},
      {"another protocol [MQTT-3.1.2-1]", Str("HTTP") + Bytes({4, 2, 0, 60}) + Str("dev"),
       Reason::kMalformedPacket},
      {"case matters", Str("mqtt") + Bytes({4, 2, 0, 60}) + Str("dev"), Reason::kMalformedPacket},
      {"reserved flag [MQTT-3.1.2-3]", Head(4, 3) + Str("dev"), Reason::kMalformedPacket},
      {"will QoS 3 [MQTT-3.1.2-12]", Head(4, 0x1e) + Str("dev") + Str("t") + Str(""),
       Reason::kMalformedPacket},
      {"will QoS without will", Head(4, 0x0a) + Str("dev"), Reason::kMalformedPacket},
      {"will retain without will", Head(5, 0x22) + rest5, Reason::kMalformedPacket},
      {"3.1.1: password alone [MQTT-3.1.2-22]", Head(4, 0x42) + Str("dev") + Str("p"),
       Reason::kMalformedPacket},
      {"no client id [MQTT-3.1.3-3]", Head(4, 2), Reason::kMalformedPacket},
      {"3.1.1: empty client id, session kept [MQTT-3.1.3-8]", Head(4, 0) + Str(""),
       Reason::kClientIdentifierNotValid},
      {"client id ill-formed", Head(4, 2) + Str("\xff"), Reason::kMalformedPacket},
      {"client id with NUL", Head(4, 2) + Str(Bytes({0})), Reason::kMalformedPacket},
      {"bytes behind", Head(4, 2) + Str("dev") + "x", Reason::kMalformedPacket},
      {"user name missing", Head(4, 0x82) + Str("dev"), Reason::kMalformedPacket},
      {"user name ill-formed", Head(4, 0x82) + Str("dev") + Str("\xff"), Reason::kMalformedPacket},
      {"password missing", Head(4, 0xc2) + Str("dev") + Str("u"), Reason::kMalformedPacket},
      {"will topic missing", Head(4, 0x06) + Str("dev"), Reason::kMalformedPacket},
      {"will topic with wildcard", Head(4, 0x06) + Str("dev") + Str("a/#") + Str(""),
       Reason::kTopicNameInvalid},
      {"will topic empty", Head(4, 0x06) + Str("dev") + Str("") + Str(""),
       Reason::kTopicNameInvalid},
      {"will payload no UTF-8",
       Head(5, 0x06) + Props("") + Str("dev") + Props("\x01\x01") + Str("t") + Str("\xff"),
       Reason::kPayloadFormatInvalid},
      {"data without method", Head(5, 2) + Props(Bytes({22}) + Str("x")) + Str("dev"),
       Reason::kProtocolError},
      {"a property twice", Head(5, 2) + Props(Bytes({33, 0, 1, 33, 0, 1})) + Str("dev"),
       Reason::kProtocolError},
      {"receive maximum 0", Head(5, 2) + Props(Bytes({33, 0, 0})) + Str("dev"),
       Reason::kProtocolError},
      {"a will property in CONNECT", Head(5, 2) + Props(Bytes({24, 0, 0, 0, 1})) + Str("dev"),
       Reason::kProtocolError},
      {"no property length", Head(5, 2), Reason::kMalformedPacket},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    const auto connect = DecodeConnect(c.body);
    ASSERT_FALSE(connect.ok());
    EXPECT_EQ(connect.reason(), c.reason) << ReasonName(connect.reason());
  }
}

TEST(DecodeConnectTest, Version5MayHaveAPasswordAlone) {
  const std::string body = Head(5, 0x42) + Props("") + Str("dev") + Str("token");
  const auto connect = DecodeConnect(body);
  ASSERT_TRUE(connect.ok());
  EXPECT_EQ(connect->password, "token");
}

TEST(DecodeConnectTest, RefusesEveryTruncation) {
  const std::string body = Head(5, 0xc6) + Props(Bytes({33, 0, 1})) + Str("dev") +
                           Props(Bytes({24, 0, 0, 0, 1})) + Str("t") + Str("bye") + Str("u") +
                           Str("p");
  ASSERT_TRUE(DecodeConnect(body).ok());
  for (size_t cut = 0; cut < body.size(); ++cut) {
    EXPECT_EQ(DecodeConnect(body.substr(0, cut)).reason(), Reason::kMalformedPacket) << cut;
  }
}

TEST(ConnectTest, KnowsInWhichVersionToAnswer) {
  EXPECT_EQ(VersionToAnswer(Head(4, 2)), Version::k311);
  EXPECT_EQ(VersionToAnswer(Head(5, 2)), Version::k5);
  EXPECT_EQ(VersionToAnswer(Head(6, 2)), Version::k5);
  EXPECT_EQ(VersionToAnswer(Head(3, 2)), Version::k311);
  EXPECT_EQ(VersionToAnswer(Str("MQIsdp") + Bytes({3})), Version::k311);
  EXPECT_EQ(VersionToAnswer(""), Version::k311);
}

TEST(EncodeConnectTest, Bytes) {
  ConnectView connect;
  connect.client_id = "dev";
  connect.keep_alive_s = 60;
  EXPECT_EQ(Encoded([&](std::span<char> out) { return EncodeConnect(connect, out); }),
            mqtt::Bytes({0x10, 15}) + Head(4, 2) + Str("dev"));
  connect.version = Version::k5;
  connect.clean_start = false;
  connect.session_expiry_s = 300;
  EXPECT_EQ(
      Encoded([&](std::span<char> out) { return EncodeConnect(connect, out); }),
      mqtt::Bytes({0x10, 21}) + Head(5, 0) + Props(mqtt::Bytes({17, 0, 0, 1, 44})) + Str("dev"));
}

}  // namespace
}  // namespace sluice::mqtt
