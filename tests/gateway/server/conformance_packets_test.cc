// The specification's statements about single packets by their numbers, judged on the wire: real
// TLS sockets, bytes written by hand.
//
// Numbers are MQTT 5's unless they say 3.1.1. What every case also shows: nothing of a refused
// packet reaches the sink, and the connection is over.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/mqtt/ping.h"
#include "tests/gateway/mqtt/packet_bytes.h"
#include "tests/gateway/server/conformance.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

using mqtt::Bytes;
using mqtt::Props;
using mqtt::Str;
using mqtt::Version;

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

}  // namespace
}  // namespace sluice::server
