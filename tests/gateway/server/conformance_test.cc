// The specification's statements by their numbers, judged on the wire: real TLS sockets, bytes
// written by hand.
//
// Numbers are MQTT 5's unless they say 3.1.1. What every case also shows: nothing of a refused
// packet reaches the sink, and the connection is over.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/mqtt/ping.h"
#include "tests/gateway/mqtt/packet_bytes.h"
#include "tests/gateway/server/test_pki.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

using mqtt::Bytes;
using mqtt::ConnectView;
using mqtt::Props;
using mqtt::Str;
using mqtt::Version;

constexpr int kPublish = 0x30;
constexpr int kPubrel = 0x62;
constexpr int kSubscribe = 0x82;
constexpr int kUnsubscribe = 0xa2;
constexpr int kDisconnect = 0xe0;

// A packet shorter than 128 bytes.
std::string Packet(int first, const std::string& body) {
  return Bytes({first, static_cast<int>(body.size())}) + body;
}

// Sends `packet` on an open connection, then a PUBLISH that must not be looked at. What is
// answered: "" if the packet was accepted.
std::string AnswerTo(TestServer* server, Version version, const std::string& packet) {
  Device device(*server, "press-01", version);
  EXPECT_TRUE(device.connected);
  const std::string behind = version == Version::k5 ? Str("behind") + Props("") : Str("behind");
  device.client.Send(packet + Packet(kPublish, behind) + std::string(mqtt::kPingreq));
  std::string answer = device.Next();
  if (answer == "PINGRESP") return "";
  if (answer != "end") {
    EXPECT_EQ(device.Next(), "end");
  }
  EXPECT_EQ(server->recorder.count(), 0U);
  return answer;
}

struct RefusedPacket {
  const char* clause;
  std::string packet;
};

void ExpectRefused(Version version, const std::string& answer,
                   const std::vector<RefusedPacket>& cases) {
  TestServer server;
  for (const RefusedPacket& c : cases) {
    SCOPED_TRACE(c.clause);
    EXPECT_EQ(AnswerTo(&server, version, c.packet), answer);
  }
  EXPECT_EQ(server.recorder.count(), 0U);
}

TEST(ConformanceTest, MalformedPacketsOfVersion5) {
  const std::string id = Bytes({0, 1});
  ExpectRefused(
      Version::k5, "DISCONNECT 0x81",
      {
          {"2.1.3-1 SUBSCRIBE with flags 0", Packet(0x80, id + Props("") + Str("a") + Bytes({0}))},
          {"2.1.3-1 UNSUBSCRIBE with flags 3", Packet(0xa3, id + Props("") + Str("a"))},
          {"2.1.3-1 PUBREL with flags 0", Packet(0x60, id)},
          {"2.1.3-1 PINGREQ with flags 1", Packet(0xc1, "")},
          {"2.1.3-1 DISCONNECT with flags 8", Packet(0xe8, "")},
          {"2.1.2 type 0", Packet(0x00, "")},
          {"1.5.5 a length of five bytes", Bytes({kPublish, 0x80, 0x80, 0x80, 0x80, 0x01})},
          {"1.5.5-1 a length that is not the shortest", Bytes({0xc0, 0x80, 0x00})},
          {"1.5.4-1 a surrogate in the topic", Packet(kPublish, Str("\xed\xa0\x80") + Props(""))},
          {"1.5.4-1 an overlong form", Packet(kPublish, Str("\xc0\xaf") + Props(""))},
          {"1.5.4-2 NUL in the topic", Packet(kPublish, Str(Bytes({'a', 0})) + Props(""))},
          {"1.5.4-1 user property",
           Packet(kPublish, Str("a") + Props(Bytes({38}) + Str("k") + Str("\xff")))},
          {"1.5.4-1 content type", Packet(kPublish, Str("a") + Props(Bytes({3}) + Str("\xff")))},
          {"3.3.1-4 QoS 3", Packet(0x36, Str("a") + id + Props(""))},
          {"3.3.1-2 DUP at QoS 0", Packet(0x38, Str("a") + Props(""))},
          {"3.3 a topic beyond the packet", Packet(kPublish, Bytes({0, 9, 'a'}))},
          {"3.3 no packet id", Packet(0x32, Str("a"))},
          {"3.3 no property length", Packet(kPublish, Str("a"))},
          {"2.2.2 properties beyond the packet", Packet(kPublish, Str("a") + Bytes({9, 1, 1}))},
          {"2.2.2 a property beyond its block",
           Packet(kPublish, Str("a") + Props(Bytes({2, 0, 0})))},
          {"2.2.2.2 an unknown property", Packet(kPublish, Str("a") + Props(Bytes({4, 0})))},
          {"3.6 PUBREL without id", Packet(kPubrel, Bytes({1}))},
          {"3.6 PUBREL with bytes behind", Packet(kPubrel, id + Bytes({0}) + Props("") + "x")},
          {"3.8.3-5 reserved bits in options",
           Packet(kSubscribe, id + Props("") + Str("a") + Bytes({0x80}))},
          {"3.8 no options", Packet(kSubscribe, id + Props("") + Str("a"))},
          {"3.8.3-1 filter", Packet(kSubscribe, id + Props("") + Str("\xff") + Bytes({0}))},
          {"3.10.3-1 filter", Packet(kUnsubscribe, id + Props("") + Str("\xff"))},
          {"3.12 PINGREQ with a body", Packet(0xc0, "x")},
          {"3.14 DISCONNECT with bytes behind", Packet(kDisconnect, Bytes({0}) + Props("") + "x")},
      });
}

TEST(ConformanceTest, ProtocolErrorsOfVersion5) {
  const std::string id = Bytes({0, 1});
  const std::string zero = Bytes({0, 0});
  const std::string subscription = Str("a") + Bytes({0});
  ExpectRefused(
      Version::k5, "DISCONNECT 0x82",
      {
          {"2.2.1-3 PUBLISH with id 0", Packet(0x32, Str("a") + zero + Props(""))},
          {"2.2.1-3 SUBSCRIBE with id 0", Packet(kSubscribe, zero + Props("") + subscription)},
          {"2.2.1-3 UNSUBSCRIBE with id 0", Packet(kUnsubscribe, zero + Props("") + Str("a"))},
          {"2.2.1 PUBREL with id 0", Packet(kPubrel, zero)},
          {"2.2.2 a property twice", Packet(kPublish, Str("a") + Props(Bytes({1, 0, 1, 0})))},
          {"2.2.2 a property of another packet",
           Packet(kPublish, Str("a") + Props(Bytes({17, 0, 0, 0, 1})))},
          {"3.1.0-2 a second CONNECT",
           Packet(0x10, Str("MQTT") + Bytes({5, 2, 0, 60}) + Props("") + Str("press-01"))},
          {"3.3.2.1 no topic and no alias", Packet(kPublish, Str("") + Props(""))},
          {"3.3.2.3.2 payload format 2", Packet(kPublish, Str("a") + Props(Bytes({1, 2})))},
          {"3.3.4-6 a subscription id from a client",
           Packet(kPublish, Str("a") + Props(Bytes({11, 1})))},
          {"3.6.2-1 a reason PUBREL has not", Packet(kPubrel, id + Bytes({0x87}))},
          {"3.8.3-2 SUBSCRIBE for nothing", Packet(kSubscribe, id + Props(""))},
          {"3.8.3.1 QoS 3", Packet(kSubscribe, id + Props("") + Str("a") + Bytes({3}))},
          {"3.8.3.1 retain handling 3",
           Packet(kSubscribe, id + Props("") + Str("a") + Bytes({0x30}))},
          {"3.8.3-4 no local, shared",
           Packet(kSubscribe, id + Props("") + Str("$share/g/a") + Bytes({4}))},
          {"3.8.2.1.2 subscription id 0",
           Packet(kSubscribe, id + Props(Bytes({11, 0})) + subscription)},
          {"3.10.3-2 UNSUBSCRIBE for nothing", Packet(kUnsubscribe, id + Props(""))},
          {"3.14.2-1 a server's reason", Packet(kDisconnect, Bytes({0x8e}))},
          {"3.14.2.2.2 an expiry after none",
           Packet(kDisconnect, Bytes({0}) + Props(Bytes({17, 0, 0, 0, 9})))},
          {"3.15 AUTH without a method in CONNECT",
           Packet(0xf0, Bytes({0x18}) + Props(Bytes({21}) + Str("m")))},
          {"a server's CONNACK", Packet(0x20, Bytes({0, 0, 0}))},
          {"a server's SUBACK", Packet(0x90, id + Props("") + Bytes({0}))},
          {"a server's UNSUBACK", Packet(0xb0, id + Props("") + Bytes({0}))},
          {"a server's PINGRESP", Packet(0xd0, "")},
      });
}

TEST(ConformanceTest, OtherRefusalsOfVersion5) {
  const std::string id = Bytes({0, 1});
  ExpectRefused(
      Version::k5, "DISCONNECT 0x90",
      {{"3.3.2-2 +", Packet(kPublish, Str("a/+") + Props(""))},
       {"3.3.2-2 #", Packet(kPublish, Str("#") + Props(""))},
       {"3.3.2-14 response topic", Packet(kPublish, Str("a") + Props(Bytes({8}) + Str("b/#")))}});
  ExpectRefused(
      Version::k5, "DISCONNECT 0x94",
      {{"3.3.2-8 alias 0", Packet(kPublish, Str("a") + Props(Bytes({35, 0, 0})))},
       {"3.3.2-9 above the maximum", Packet(kPublish, Str("a") + Props(Bytes({35, 0, 1})))},
       {"3.3.2-9 alone", Packet(kPublish, Str("") + Props(Bytes({35, 0, 1})))}});
  ExpectRefused(
      Version::k5, "DISCONNECT 0x8f",
      {{"4.7.1-1 # not alone", Packet(kSubscribe, id + Props("") + Str("a#") + Bytes({0}))},
       {"4.7.1-1 # not last", Packet(kSubscribe, id + Props("") + Str("#/a") + Bytes({0}))},
       {"4.7.1-2 + not alone", Packet(kSubscribe, id + Props("") + Str("a+") + Bytes({0}))},
       {"4.7.3-1 empty", Packet(kSubscribe, id + Props("") + Str("") + Bytes({0}))},
       {"4.8.2-1 no share name",
        Packet(kSubscribe, id + Props("") + Str("$share//a") + Bytes({0}))},
       {"4.8.2-2 no filter", Packet(kSubscribe, id + Props("") + Str("$share/g") + Bytes({0}))},
       {"4.7.1-1 UNSUBSCRIBE", Packet(kUnsubscribe, id + Props("") + Str("a#"))}});
}

TEST(ConformanceTest, Version311ClosesWithoutAWord) {
  const std::string id = Bytes({0, 1});
  ExpectRefused(
      Version::k311, "end",
      {
          {"3.1.1 2.2.2-2 SUBSCRIBE with flags 0", Packet(0x80, id + Str("a") + Bytes({0}))},
          {"3.1.1 2.2.2-2 PUBREL with flags 0", Packet(0x60, id)},
          {"3.1.1 2.2.1 type 15", Packet(0xf0, "")},
          {"3.1.1 1.5.3-1 a surrogate", Packet(kPublish, Str("\xed\xa0\x80"))},
          {"3.1.1 1.5.3-2 NUL", Packet(kPublish, Str(Bytes({0})))},
          {"3.1.1 2.3.1-1 id 0", Packet(0x32, Str("a") + Bytes({0, 0}))},
          {"3.1.1 3.1.0-2 a second CONNECT",
           Packet(0x10, Str("MQTT") + Bytes({4, 2, 0, 60}) + Str("press-01"))},
          {"3.1.1 3.3.1-2 DUP at QoS 0", Packet(0x38, Str("a"))},
          {"3.1.1 3.3.1-4 QoS 3", Packet(0x36, Str("a") + id)},
          {"3.1.1 3.3.2-2 wildcard", Packet(kPublish, Str("a/#"))},
          {"3.1.1 4.7.3-1 empty topic", Packet(kPublish, Str(""))},
          {"3.1.1 3.6 PUBREL with a reason", Packet(kPubrel, id + Bytes({0}))},
          {"3.1.1 3.8.3-3 SUBSCRIBE for nothing", Packet(kSubscribe, id)},
          {"3.1.1 3-8.3-4 QoS 3", Packet(kSubscribe, id + Str("a") + Bytes({3}))},
          {"3.1.1 3-8.3-4 reserved bits", Packet(kSubscribe, id + Str("a") + Bytes({4}))},
          {"3.1.1 3.10.3-2 UNSUBSCRIBE for nothing", Packet(kUnsubscribe, id)},
          {"3.1.1 3.14.1 DISCONNECT with a body", Packet(kDisconnect, Bytes({0}))},
      });
}

// What looks odd and is allowed.
TEST(ConformanceTest, AcceptsWhatTheSpecificationAllows) {
  const std::string user = Bytes({38}) + Str("k") + Str("v");
  struct {
    const char* what;
    Version version;
    std::string packet;
    std::string answer;
  } const kCases[] = {
      {"an empty payload", Version::k311, Packet(0x32, Str("a") + Bytes({0, 1})), "PUBACK 1"},
      {"id 65535", Version::k311, Packet(0x32, Str("a") + Bytes({0xff, 0xff}) + "x"),
       "PUBACK 65535"},
      {"RETAIN and DUP", Version::k311, Packet(0x3b, Str("a") + Bytes({0, 1}) + "x"), "PUBACK 1"},
      {"a topic of one slash", Version::k311, Packet(0x32, Str("/") + Bytes({0, 1})), "PUBACK 1"},
      {"a topic with spaces and beyond ASCII", Version::k311,
       Packet(0x32, Str(" \xf0\x9f\x8c\xa1") + Bytes({0, 1})), "PUBACK 1"},
      {"the same user property twice", Version::k5,
       Packet(0x32, Str("a") + Bytes({0, 1}) + Props(user + user)), "PUBACK 1"},
      {"every property of PUBLISH", Version::k5,
       Packet(0x32, Str("a") + Bytes({0, 1}) +
                        Props(Bytes({1, 1, 2, 0, 0, 0, 9, 3}) + Str("t") + Bytes({8}) + Str("r") +
                              Bytes({9}) + Str("\xff") + user) +
                        "x"),
       "PUBACK 1"},
      {"payload format 0 and bytes", Version::k5,
       Packet(0x32, Str("a") + Bytes({0, 1}) + Props(Bytes({1, 0})) + "\xff"), "PUBACK 1"},
      {"PUBREL with reason and properties", Version::k5,
       Packet(kPubrel, Bytes({0, 9, 0x92}) + Props(user)), "PUBCOMP 9 0x92"},
      {"UNSUBSCRIBE of a shared filter", Version::k5,
       Packet(kUnsubscribe, Bytes({0, 1}) + Props(user) + Str("$share/g/#")),
       "UNSUBACK 00 01 00 11"},
  };
  TestServer server;
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    Device device(server, "press-01", c.version);
    ASSERT_TRUE(device.connected);
    device.client.Send(c.packet + std::string(mqtt::kPingreq));
    EXPECT_EQ(device.Next(), c.answer);
    EXPECT_EQ(device.Next(), "PINGRESP");
  }
}

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

// A device with a session that outlives its connections.
struct Resuming {
  explicit Resuming(TestServer* its_server, Version its_version)
      : server(*its_server), version(its_version) {}

  // A connection breaks without a word; the next resumes.
  void Reconnect() {
    if (device) {
      device->client.Drop();
      device.reset();
      EXPECT_TRUE(server.Eventually([this] { return server.server->Counts().connections == 0; }));
    }
    device = std::make_unique<Device>(server, "press-01", version, [](ConnectView* connect) {
      connect->clean_start = false;
      if (connect->version == Version::k5) connect->session_expiry_s = 1000;
    });
    EXPECT_TRUE(device->connected);
  }
  void Publish(uint8_t qos, uint16_t id) { device->Publish("a", "x", qos, id); }
  void Release(uint16_t id) { device->client.Send(Packet(kPubrel, Bytes({id >> 8, id & 0xff}))); }
  // Nothing is on its way: the next answer is the ping's.
  bool Silent() {
    device->client.Send(mqtt::kPingreq);
    return device->Next() == "PINGRESP";
  }
  std::string Next() { return device->Next(); }

  TestServer& server;
  Version version;
  std::unique_ptr<Device> device;
};

class ExchangeConformanceTest : public testing::TestWithParam<Version> {
 protected:
  bool v5() const { return GetParam() == Version::k5; }
  void HoldAll() { server_.recorder.set_answer({PublishOutcome::Kind::kTaken, 1}); }
  void SettleNext() { server_.Settle(server_.recorder.taken().at(settled_++).ticket); }

  TestServer server_;
  Resuming device_{&server_, GetParam()};
  size_t settled_ = 0;
};

INSTANTIATE_TEST_SUITE_P(BothVersions, ExchangeConformanceTest,
                         testing::Values(Version::k311, Version::k5), [](const auto& version) {
                           return version.param == Version::k5 ? "V5" : "V311";
                         });

// 4.3.3 with the break at each of its four steps: the message is taken once, and the exchange ends.
TEST_P(ExchangeConformanceTest, Qos2SurvivesABreakAfterEveryStep) {
  device_.Reconnect();
  device_.Publish(2, 1);  // PUBREC is lost
  ASSERT_TRUE(server_.recorder.WaitFor(1));
  device_.Reconnect();
  EXPECT_TRUE(device_.device->connack.session_present);
  device_.Publish(2, 1);
  EXPECT_EQ(device_.Next(), "PUBREC 1");
  device_.Reconnect();  // PUBREL is lost
  device_.Release(1);
  EXPECT_EQ(device_.Next(), "PUBCOMP 1");
  device_.Reconnect();  // PUBCOMP is lost
  device_.Release(1);
  EXPECT_EQ(device_.Next(), v5() ? "PUBCOMP 1 0x92" : "PUBCOMP 1");
  EXPECT_EQ(server_.recorder.count(), 1U);
  device_.Publish(2, 1);  // the id is free: another message
  EXPECT_EQ(device_.Next(), "PUBREC 1");
  EXPECT_EQ(server_.recorder.count(), 2U);
}

TEST_P(ExchangeConformanceTest, Qos2IsNotAnsweredBeforeItsMessageIsSafe) {
  HoldAll();
  device_.Reconnect();
  device_.Publish(2, 1);
  ASSERT_TRUE(server_.recorder.WaitFor(1));
  for (int i = 0; i < 3; ++i) {
    device_.Reconnect();
    device_.Publish(2, 1);
    EXPECT_TRUE(device_.Silent());
  }
  SettleNext();
  EXPECT_EQ(device_.Next(), "PUBREC 1");
  EXPECT_TRUE(device_.Silent());  // once
  EXPECT_EQ(server_.recorder.count(), 1U);
}

// [MQTT-4.3.3-5] of the sender: PUBREL only after PUBREC.
TEST_P(ExchangeConformanceTest, PubrelForAnUnansweredPublishIsAnError) {
  HoldAll();
  device_.Reconnect();
  device_.Publish(2, 1);
  device_.Release(1);
  if (v5()) {
    EXPECT_EQ(device_.Next(), "DISCONNECT 0x82");
  }
  EXPECT_EQ(device_.Next(), "end");
}

// A resend that its reducer would swallow must wait for its first copy, or the device would be told
// that a message is safe which may yet be lost.
TEST_P(ExchangeConformanceTest, Qos1ResendWaitsForItsFirstCopy) {
  HoldAll();
  device_.Reconnect();
  device_.Publish(1, 1);
  ASSERT_TRUE(server_.recorder.WaitFor(1));
  device_.Reconnect();
  server_.recorder.set_answer({PublishOutcome::Kind::kTaken, 0});  // dedup swallows it
  device_.Publish(1, 1);
  device_.Publish(1, 2);
  EXPECT_TRUE(device_.Silent());
  SettleNext();
  EXPECT_EQ(device_.Next(), "PUBACK 1");
  EXPECT_EQ(device_.Next(), "PUBACK 2");
  EXPECT_TRUE(device_.Silent());
}

// [MQTT-4.6.0-2] [MQTT-4.6.0-3]: in the order received, over both QoS.
TEST_P(ExchangeConformanceTest, AcknowledgesInOrderOverBothQos) {
  HoldAll();
  device_.Reconnect();
  for (uint16_t id = 1; id <= 6; ++id) device_.Publish(id % 2 == 0 ? 2 : 1, id);
  ASSERT_TRUE(server_.recorder.WaitFor(6));
  const std::vector<Received> taken = server_.recorder.taken();
  for (size_t i = taken.size(); i-- > 0;) server_.Settle(taken[i].ticket);
  for (uint16_t id = 1; id <= 6; ++id) {
    EXPECT_EQ(device_.Next(), (id % 2 == 0 ? "PUBREC " : "PUBACK ") + std::to_string(id));
  }
}

// [MQTT-3.1.4-3]: the old connection is told and ended; what it sent is settled in silence.
TEST_P(ExchangeConformanceTest, TakeOverWithPublishesUnsettled) {
  HoldAll();
  device_.Reconnect();
  device_.Publish(1, 1);
  ASSERT_TRUE(server_.recorder.WaitFor(1));
  Resuming second(&server_, GetParam());
  second.Reconnect();
  EXPECT_TRUE(second.device->connack.session_present);
  if (v5()) {
    EXPECT_EQ(device_.Next(), "DISCONNECT 0x8e");
  }
  EXPECT_EQ(device_.Next(), "end");
  second.Publish(1, 7);
  ASSERT_TRUE(server_.recorder.WaitFor(2));
  SettleNext();
  SettleNext();
  EXPECT_EQ(second.Next(), "PUBACK 7");
  EXPECT_TRUE(second.Silent());
}

// [MQTT-3.1.2-4]: a clean start forgets the ids, and nothing else may answer for the old message.
TEST_P(ExchangeConformanceTest, CleanStartMakesAKnownIdNew) {
  device_.Reconnect();
  device_.Publish(2, 1);
  EXPECT_EQ(device_.Next(), "PUBREC 1");
  device_.device->client.Drop();
  ASSERT_TRUE(server_.Eventually([this] { return server_.server->Counts().connections == 0; }));
  Device clean(server_, "press-01", GetParam());
  EXPECT_FALSE(clean.connack.session_present);
  clean.Publish("a", "x", 2, 1);
  EXPECT_EQ(clean.Next(), "PUBREC 1");
  EXPECT_EQ(server_.recorder.count(), 2U);
}

}  // namespace
}  // namespace sluice::server
