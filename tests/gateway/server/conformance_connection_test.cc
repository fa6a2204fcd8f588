// The specification's statements about connections by their numbers, judged on the wire: CONNECT,
// the order of packets, keep alive and the limits on both sides.
//
// Numbers are MQTT 5's unless they say 3.1.1.
#include <gtest/gtest.h>

#include <string>

#include "gateway/mqtt/ping.h"
#include "tests/gateway/mqtt/packet_bytes.h"
#include "tests/gateway/server/conformance.h"
#include "tests/gateway/server/test_pki.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

using mqtt::Bytes;
using mqtt::ConnectView;
using mqtt::Props;
using mqtt::Str;
using mqtt::Version;

// CONNECTs that are refused: CONNACK with a reason where the version has a word for it
// (section 4.13, and 3.1.1's table 3.1), else the end.
TEST(ConformanceTest, RefusedConnects) {
  const auto head = [](int level, int flags) { return Str("MQTT") + Bytes({level, flags, 0, 60}); };
  const std::string dev = Str("press-01");
  struct {
    const char* clause;
    std::string body;
    std::string answer;  // the first two bytes of CONNACK
  } const kCases[] = {
      {"3.1.2-3 reserved flag", head(5, 3) + Props("") + dev, "CONNACK 00 81"},
      {"3.1.2-12 will QoS 3", head(5, 0x1e) + Props("") + dev + Props("") + Str("t") + Str(""),
       "CONNACK 00 81"},
      {"3.1.2-11 will QoS without will", head(5, 0x0a) + Props("") + dev, "CONNACK 00 81"},
      {"3.1.2-13 will retain without will", head(5, 0x22) + Props("") + dev, "CONNACK 00 81"},
      {"3.1.3-3 no client id", head(5, 2) + Props(""), "CONNACK 00 81"},
      {"3.1.3-4 client id ill-formed", head(5, 2) + Props("") + Str("\xff"), "CONNACK 00 81"},
      {"3.1.3-12 user name ill-formed", head(5, 0x82) + Props("") + dev + Str("\xff"),
       "CONNACK 00 81"},
      {"3.1.3 bytes behind", head(5, 2) + Props("") + dev + "x", "CONNACK 00 81"},
      {"3.1.2.11 receive maximum 0", head(5, 2) + Props(Bytes({33, 0, 0})) + dev, "CONNACK 00 82"},
      {"3.1.2.11 packet size 0", head(5, 2) + Props(Bytes({39, 0, 0, 0, 0})) + dev,
       "CONNACK 00 82"},
      {"3.1.2.11 expiry twice", head(5, 2) + Props(Bytes({17, 0, 0, 0, 1, 17, 0, 0, 0, 1})) + dev,
       "CONNACK 00 82"},
      {"3.1.2.11.10 data without method", head(5, 2) + Props(Bytes({22}) + Str("x")) + dev,
       "CONNACK 00 82"},
      {"3.1.3.3 will topic with wildcard",
       head(5, 6) + Props("") + dev + Props("") + Str("#") + Str(""), "CONNACK 00 90"},
      {"3.1.3.2.3 will payload no UTF-8",
       head(5, 6) + Props("") + dev + Props(Bytes({1, 1})) + Str("t") + Str("\xff"),
       "CONNACK 00 99"},
      {"3.1.2-2 level 6", head(6, 2) + Props("") + dev, "CONNACK 00 84"},
      {"3.1.1 3.1.2-2 level 3", head(3, 2) + dev, "CONNACK 00 01"},
      {"3.1.1 3.1.3-8 no client id, session kept", head(4, 0) + Str(""), "CONNACK 00 02"},
      {"3.1.1 another's client id", head(4, 2) + Str("press-02"), "CONNACK 00 02"},
      {"3.1.1 3.1.2-1 another protocol", Str("MQTX") + Bytes({4, 2, 0, 60}) + dev, "end"},
      {"3.1.1 3.1.2-3 reserved flag", head(4, 3) + dev, "end"},
      {"3.1.1 3.1.2-22 password alone", head(4, 0x42) + dev + Str("p"), "end"},
      {"3.1.1 3.1.3 bytes behind", head(4, 2) + dev + "x", "end"},
  };
  TestServer server;
  const tls::Credential credential = TestPki::Get().Device("press-01");
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.clause);
    TestClient client(server.port());
    ASSERT_TRUE(client.Handshake(&credential));
    // [MQTT-3.1.4-6]: nothing after a refused CONNECT is processed.
    client.Send(Packet(0x10, c.body) + Packet(kPublish, Str("behind") + Props("")));
    const auto packet = client.Read();
    std::string answer = "end";
    if (packet.has_value()) {
      answer = mqtt::PacketTypeName(packet->type);
      for (const char byte : packet->body.substr(0, 2)) {
        constexpr char kHex[] = "0123456789abcdef";
        answer += {' ', kHex[static_cast<uint8_t>(byte) >> 4], kHex[byte & 15]};
      }
      EXPECT_TRUE(client.AtEnd());
    }
    EXPECT_EQ(answer, c.answer);
    EXPECT_FALSE(client.timed_out());
  }
  EXPECT_EQ(server.recorder.count(), 0U);
  EXPECT_EQ(server.server->Counts().connects, 0U);
}

// [MQTT-3.1.2-24]: a CONNACK that the client cannot take is not sent; waiting for it must not leave
// both hanging.
TEST(ConformanceTest, AClientThatCanTakeNoConnackIsClosed) {
  TestServer server;
  Device device(server, "press-01", Version::k5,
                [](ConnectView* connect) { connect->maximum_packet_size = 4; });
  EXPECT_FALSE(device.connected);
  EXPECT_EQ(device.Next(), "end");
}

// 3.1.4 allows a client to send on without waiting for CONNACK.
TEST(ConformanceTest, PacketsThatCameWithConnectAreTaken) {
  TestServer server;
  const tls::Credential credential = TestPki::Get().Device("press-01");
  TestClient client(server.port());
  ASSERT_TRUE(client.Handshake(&credential));
  client.Send(Packet(0x10, Str("MQTT") + Bytes({4, 2, 0, 60}) + Str("press-01")) +
              Packet(0x32, Str("a") + Bytes({0, 1}) + "x") + std::string(mqtt::kPingreq));
  for (const mqtt::PacketType type :
       {mqtt::PacketType::kConnack, mqtt::PacketType::kPuback, mqtt::PacketType::kPingresp}) {
    const auto packet = client.Read();
    ASSERT_TRUE(packet.has_value());
    EXPECT_EQ(packet->type, type);
  }
}

// What came whole before an error or a goodbye counts; what came behind does not [MQTT-3.14.4-1].
TEST(ConformanceTest, WhatCameBeforeTheEndCounts) {
  TestServer server;
  for (const std::string& end : {Packet(kDisconnect, ""), Packet(0x00, "")}) {
    const size_t before = server.recorder.count();
    Device device(server, "press-01", Version::k311);
    device.client.Send(Packet(0x32, Str("a") + Bytes({0, 1}) + "x") + end +
                       Packet(0x32, Str("a") + Bytes({0, 2}) + "x"));
    EXPECT_EQ(device.Next(), "PUBACK 1");
    EXPECT_EQ(device.Next(), "end");
    EXPECT_EQ(server.recorder.count(), before + 1);
  }
}

// A whole conversation, a byte a TLS record: answers as to whole packets.
TEST(ConformanceTest, BytesDribbledOneAtATime) {
  TestServer server;
  for (const Version version : {Version::k311, Version::k5}) {
    SCOPED_TRACE(static_cast<int>(version));
    const std::string props = version == Version::k5 ? Props("") : "";
    const std::string filler(200, 'x');  // two bytes of length
    const std::string long_body = Str("c") + Bytes({0, 2}) + props + filler;
    std::string stream;
    stream += Packet(kPublish, Str("a") + props + "zero");
    stream += Packet(0x32, Str("b") + Bytes({0, 1}) + props + "one");
    stream += Bytes({0x34, static_cast<int>(long_body.size() & 0x7f) | 0x80, 1});
    stream += long_body;
    stream += Packet(kPubrel, Bytes({0, 2}));
    stream += Packet(kSubscribe, Bytes({0, 3}) + props + Str("a/#") + Bytes({1}));
    stream += Packet(kUnsubscribe, Bytes({0, 4}) + props + Str("a/#"));
    stream += mqtt::kPingreq;
    stream += Packet(kDisconnect, "");
    const size_t before = server.recorder.count();
    Device device(server, "press-01", version);
    ASSERT_TRUE(device.connected);
    for (const char byte : stream) device.client.Send({&byte, 1});
    const bool v5 = version == Version::k5;
    for (const std::string& answer :
         {std::string("PUBACK 1"), std::string("PUBREC 2"), std::string("PUBCOMP 2"),
          std::string(v5 ? "SUBACK 00 03 00 87" : "SUBACK 00 03 80"),
          std::string(v5 ? "UNSUBACK 00 04 00 11" : "UNSUBACK 00 04"), std::string("PINGRESP"),
          std::string("end")}) {
      EXPECT_EQ(device.Next(), answer);
    }
    EXPECT_EQ(server.recorder.count(), before + 3);
  }
}

// [MQTT-3.1.2-22]: one and a half times the keep alive, and any packet counts [MQTT-3.1.2-20].
TEST(ConformanceTest, KeepAliveByAnyPacket) {
  TestServer server;
  for (const Version version : {Version::k311, Version::k5}) {
    Device device(server, "press-01", version,
                  [](ConnectView* connect) { connect->keep_alive_s = 10; });
    uint16_t id = 1;
    for (int i = 0; i < 4; ++i) {
      server.AdvanceSeconds(13);
      device.Publish("a", "alive", 1, id);
      EXPECT_EQ(device.Next(), "PUBACK " + std::to_string(id++));
    }
    server.AdvanceSeconds(16);
    if (version == Version::k5) {
      EXPECT_EQ(device.Next(), "DISCONNECT 0x8d");
    }
    EXPECT_EQ(device.Next(), "end");
  }
}

TEST(ConformanceTest, KeepAliveZeroNeverEndsVersion311) {
  TestServer server;
  Device device(server, "press-01", Version::k311,
                [](ConnectView* connect) { connect->keep_alive_s = 0; });
  server.AdvanceSeconds(100'000);
  server.AdvanceSeconds(100'000);
  device.client.Send(mqtt::kPingreq);
  EXPECT_EQ(device.Next(), "PINGRESP");
}

// Sections 3.2.2.3.6 and 4.13: the limit is on the whole packet.
TEST(ConformanceTest, PacketsUpToTheMaximumAreTaken) {
  TestServer server(
      [](ServerOptions* options) { options->listeners[0].limits.packet_bytes = 1000; });
  const auto publish_of = [](size_t packet_size) {
    // 1 + 2 bytes of header, 2 + 1 of topic, 2 of id, 1 of properties.
    const std::string body =
        Str("a") + Bytes({0, 1}) + Props("") + std::string(packet_size - 9, 'x');
    return Bytes({0x32, static_cast<int>(body.size() & 0x7f) | 0x80,
                  static_cast<int>(body.size() >> 7)}) +
           body;
  };
  Device device(server, "press-01");
  EXPECT_EQ(device.connack.maximum_packet_size, 1000U);
  device.client.Send(publish_of(1000));
  EXPECT_EQ(device.Next(), "PUBACK 1");
  device.client.Send(publish_of(1001));
  EXPECT_EQ(device.Next(), "DISCONNECT 0x95");
  EXPECT_EQ(device.Next(), "end");
}

// Section 4.9: QoS 2 counts until PUBREL, a refusal gives its place back at once, QoS 0 does not
// count.
TEST(ConformanceTest, ReceiveMaximumCountsOpenExchanges) {
  TestServer server([](ServerOptions* options) { options->receive_maximum = 2; });
  Device device(server, "press-01");
  EXPECT_EQ(device.connack.receive_maximum, 2);
  device.Publish("a", "x", 2, 1);
  device.Publish("a", "x", 2, 2);
  EXPECT_EQ(device.Next(), "PUBREC 1");
  EXPECT_EQ(device.Next(), "PUBREC 2");
  for (int i = 0; i < 5; ++i) device.Publish("a", "x", 0);
  device.client.Send(Packet(kPubrel, Bytes({0, 1})));
  EXPECT_EQ(device.Next(), "PUBCOMP 1");
  server.recorder.set_answer({PublishOutcome::Kind::kForbidden, 0});
  for (uint16_t id = 3; id <= 5; ++id) {
    device.Publish("a", "x", 2, id);
    EXPECT_EQ(device.Next(), "PUBREC " + std::to_string(id) + " 0x87");
  }
  server.recorder.set_answer({});
  device.Publish("a", "x", 2, 6);
  EXPECT_EQ(device.Next(), "PUBREC 6");
  device.Publish("a", "x", 1, 7);
  EXPECT_EQ(device.Next(), "DISCONNECT 0x93");
}

}  // namespace
}  // namespace sluice::server
