// A connection once it is open: packets and their answers, errors, back-pressure, keep alive, the
// end.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/mqtt/subscribe.h"
#include "gateway/mqtt/unsubscribe.h"
#include "gateway/mqtt/writer.h"
#include "tests/gateway/server/test_pki.h"
#include "tests/gateway/server/test_server.h"

namespace sluice::server {
namespace {

using mqtt::ConnectView;
using mqtt::Version;
using Kind = PublishOutcome::Kind;

std::string Bytes(std::string_view bytes) { return std::string(bytes); }

TEST(ConnectionTest, AnswersOrClosesWithTheRightReason) {
  struct {
    std::string what;
    std::string bytes;
    std::string v5;  // the answer
    std::string v311;
    std::string closed;  // the counter, "" if it stays open
  } const kCases[] = {
      {"PINGREQ", Bytes({"\xc0\x00", 2}), "PINGRESP", "PINGRESP", ""},
      {"PINGREQ with a body", Bytes({"\xc0\x01\x00", 3}), "DISCONNECT 0x81", "end", "malformed"},
      {"a second CONNECT",
       Bytes({"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01"
              "a",
              15}),
       "DISCONNECT 0x82", "end", "protocol_error"},
      {"a server's packet", Bytes({"\xd0\x00", 2}), "DISCONNECT 0x82", "end", "protocol_error"},
      {"PUBACK for nothing", Bytes({"\x40\x02\x00\x01", 4}), "DISCONNECT 0x82", "end",
       "protocol_error"},
      {"reserved type 0", Bytes({"\x00\x00", 2}), "DISCONNECT 0x81", "end", "malformed"},
      {"QoS 3",
       Bytes({"\x36\x06\x00\x01"
              "a\x00\x01\x00",
              8}),
       "DISCONNECT 0x81", "end", "malformed"},
      {"too large", Bytes({"\x30\xff\xff\xff\x7f", 5}), "DISCONNECT 0x95", "end",
       "packet_too_large"},
      {"PUBREL unknown", Bytes({"\x62\x02\x00\x63", 4}), "PUBCOMP 99 0x92", "PUBCOMP 99", ""},
      {"DISCONNECT", Bytes({"\xe0\x00", 2}), "end", "end", "disconnected"},
  };
  TestServer server;
  for (const auto& c : kCases) {
    for (const Version version : {Version::k311, Version::k5}) {
      SCOPED_TRACE(testing::Message() << c.what << " version " << static_cast<int>(version));
      const uint64_t before = c.closed.empty() ? 0 : server.Closed(c.closed);
      Device device(server, "press-01", version);
      ASSERT_TRUE(device.connected);
      device.client.Send(c.bytes);
      const std::string answer = device.Next();
      EXPECT_EQ(answer, version == Version::k5 ? c.v5 : c.v311);
      if (c.closed.empty()) continue;
      if (answer != "end") {
        EXPECT_EQ(device.Next(), "end");
      }
      EXPECT_TRUE(server.Eventually([&] { return server.Closed(c.closed) == before + 1; }));
    }
  }
}

TEST(ConnectionTest, AuthIsAnErrorWithoutAnAuthenticationMethod) {
  TestServer server;
  Device device(server, "press-01");
  device.client.Send({"\xf0\x00", 2});
  EXPECT_EQ(device.Next(), "DISCONNECT 0x82");
}

TEST(ConnectionTest, GrantsNoSubscriptionYetAndSaysSo) {
  TestServer server;
  for (const Version version : {Version::k311, Version::k5}) {
    Device device(server, "press-01", version);
    std::string bytes;
    const mqtt::Subscription asked[] = {{"commands/#", 1}, {"a/b", 0}};
    mqtt::AppendPacket(
        &bytes, [&](std::span<char> out) { return EncodeSubscribe(version, 5, asked, out); });
    const std::string_view filters[] = {"commands/#"};
    mqtt::AppendPacket(
        &bytes, [&](std::span<char> out) { return EncodeUnsubscribe(version, 6, filters, out); });
    device.client.Send(bytes);
    if (version == Version::k5) {
      EXPECT_EQ(device.Next(), "SUBACK 00 05 00 87 87");
      EXPECT_EQ(device.Next(), "UNSUBACK 00 06 00 11");
    } else {
      EXPECT_EQ(device.Next(), "SUBACK 00 05 80 80");
      EXPECT_EQ(device.Next(), "UNSUBACK 00 06");
    }
  }
}

// A device that was disconnected for it would come back and send it again, for ever.
TEST(ConnectionTest, RefusesTopicsOverTheLimitsAndGoesOn) {
  TestServer server([](ServerOptions* options) {
    options->listeners[0].limits.topic_bytes = 30;
    options->listeners[0].limits.topic_levels = 4;
  });
  Device device(server, "press-01");
  device.Publish("a/b/c/dddddddddddddddddddddddd", "fits", 1, 1);
  EXPECT_EQ(device.Next(), "PUBACK 1");
  device.Publish("a/b/c/d/e", "too deep", 1, 2);
  EXPECT_EQ(device.Next(), "PUBACK 2 0x90");
  device.Publish(std::string(31, 'a'), "too long", 1, 3);
  EXPECT_EQ(device.Next(), "PUBACK 3 0x90");
  device.Publish("a/b/c/d/e", "too deep, and nobody is told", 0, 0);
  device.Publish("a", "fits again", 1, 4);
  EXPECT_EQ(device.Next(), "PUBACK 4");
  EXPECT_EQ(server.server->Counts().topic_limit, 3U);
}

TEST(ConnectionTest, ATopicAliasIsRefusedAsConnackSaid) {
  TestServer server;
  Device device(server, "press-01");
  mqtt::PublishView publish;
  publish.topic = "a";
  publish.topic_alias = 1;
  device.client.Publish(Version::k5, publish);
  EXPECT_EQ(device.Next(), "DISCONNECT 0x94");
}

// Whatever the stream is cut into, TLS records and TCP segments included, the same packets come
// out.
TEST(ConnectionTest, CutsChangeNothing) {
  TestServer server;
  Device device(server, "press-01");
  std::string stream;
  const size_t sizes[] = {0, 1, 100, 130, 20'000, 70'000, 5};
  uint16_t id = 1;
  for (const size_t size : sizes) {
    mqtt::PublishView publish;
    const std::string payload(size, static_cast<char>('a' + id));
    publish.topic = "plant/x";
    publish.payload = payload;
    publish.qos = 1;
    publish.packet_id = id++;
    stream += Encoded(Version::k5, publish);
  }
  size_t expected = 0;
  uint64_t random = 1;
  for (const size_t most : {size_t{1}, size_t{7}, size_t{300}, size_t{16'384}, size_t{1} << 20}) {
    SCOPED_TRACE(most);
    // A byte a record through the long payloads would take a while: only where headers are.
    for (size_t at = 0; at < stream.size();) {
      random = random * 6364136223846793005ULL + 1;
      size_t cut = 1 + (random >> 33) % most;
      if (most < 300 && at > 500) cut += 5000;
      device.client.Send(std::string_view(stream).substr(at, cut));
      at += cut;
    }
    for (uint16_t ack = 1; ack < id; ++ack)
      ASSERT_EQ(device.Next(), "PUBACK " + std::to_string(ack));
    expected += std::size(sizes);
    ASSERT_TRUE(server.recorder.WaitFor(expected));
    const std::vector<Received> all = server.recorder.taken();
    for (size_t i = 0; i < std::size(sizes); ++i) {
      const Received& received = all[expected - std::size(sizes) + i];
      EXPECT_EQ(received.payload, std::string(sizes[i], static_cast<char>('b' + i)));
    }
  }
}

TEST(ConnectionTest, AcknowledgesInOrderWhenWhatWasTakenIsSafe) {
  TestServer server;
  server.recorder.set_answer({Kind::kTaken, 2});
  Device device(server, "press-01");
  device.Publish("a", "first", 1, 1);
  ASSERT_TRUE(server.recorder.WaitFor(1));
  server.recorder.set_answer({Kind::kTaken, 0});
  device.Publish("a", "dropped by a rule", 1, 2);
  ASSERT_TRUE(server.recorder.WaitFor(2));
  server.recorder.set_answer({Kind::kTaken, 1});
  device.Publish("a", "third", 2, 3);
  ASSERT_TRUE(server.recorder.WaitFor(3));
  const std::vector<Received> taken = server.recorder.taken();
  // The socket is read on meanwhile: pings are answered, acknowledgements wait.
  device.client.Send({"\xc0\x00", 2});
  EXPECT_EQ(device.Next(), "PINGRESP");
  server.Settle(taken[2].ticket);
  server.Settle(taken[0].ticket);
  device.client.Send({"\xc0\x00", 2});
  EXPECT_EQ(device.Next(), "PINGRESP");
  server.Settle(taken[0].ticket);
  EXPECT_EQ(device.Next(), "PUBACK 1");
  EXPECT_EQ(device.Next(), "PUBACK 2");
  EXPECT_EQ(device.Next(), "PUBREC 3");
}

TEST(ConnectionTest, AQos2PublishIsJudgedOnceAlsoOverAReconnect) {
  TestServer server;
  const auto keep = [](ConnectView* connect) {
    connect->clean_start = false;
    connect->session_expiry_s = 1000;
  };
  server.recorder.set_answer({Kind::kTaken, 1});
  {
    Device device(server, "press-01", Version::k5, keep);
    device.Publish("a", "once", 2, 9);
    ASSERT_TRUE(server.recorder.WaitFor(1));
    device.client.Drop();
  }
  ASSERT_TRUE(server.Eventually([&] { return server.server->Counts().connections == 0; }));
  Device device(server, "press-01", Version::k5, keep);
  EXPECT_TRUE(device.connack.session_present);
  device.Publish("a", "once", 2, 9);
  device.client.Send({"\xc0\x00", 2});
  EXPECT_EQ(device.Next(), "PINGRESP");  // not safe yet, so no PUBREC
  server.Settle(server.recorder.taken()[0].ticket);
  EXPECT_EQ(device.Next(), "PUBREC 9");
  device.Publish("a", "once", 2, 9);
  EXPECT_EQ(device.Next(), "PUBREC 9");
  device.client.Send({"\x62\x02\x00\x09", 4});
  EXPECT_EQ(device.Next(), "PUBCOMP 9");
  EXPECT_EQ(server.recorder.count(), 1U);
  EXPECT_EQ(server.server->Counts().duplicates, 2U);
}

TEST(ConnectionTest, ForbiddenPublishesAreRefusedInV5AndSwallowedOtherwise) {
  TestServer server;
  server.recorder.set_answer({Kind::kForbidden, 0});
  Device five(server, "five", Version::k5);
  five.Publish("a", "x", 0);
  five.Publish("a", "x", 1, 1);
  five.Publish("a", "x", 2, 2);
  EXPECT_EQ(five.Next(), "PUBACK 1 0x87");
  EXPECT_EQ(five.Next(), "PUBREC 2 0x87");
  Device three(server, "three", Version::k311);
  three.Publish("a", "x", 1, 1);
  three.Publish("a", "x", 2, 2);
  EXPECT_EQ(three.Next(), "PUBACK 1");
  EXPECT_EQ(three.Next(), "PUBREC 2");
  EXPECT_EQ(server.server->Counts().forbidden, 5U);

  TestServer strict([](ServerOptions* options) { options->disconnect_forbidden = true; });
  strict.recorder.set_answer({Kind::kForbidden, 0});
  Device device(strict, "press-01");
  device.Publish("a", "x", 0);
  EXPECT_EQ(device.Next(), "DISCONNECT 0x87");
  EXPECT_EQ(strict.Closed("forbidden"), 1U);
}

TEST(ConnectionTest, WhatAnOutputRefusesIsAnsweredInV5AndSwallowedOtherwise) {
  TestServer server;
  server.recorder.set_answer({Kind::kRefused, 0});
  Device five(server, "five", Version::k5);
  five.Publish("a", "x", 1, 1);
  five.Publish("a", "x", 2, 2);
  EXPECT_EQ(five.Next(), "PUBACK 1 0x97");
  EXPECT_EQ(five.Next(), "PUBREC 2 0x97");
  Device three(server, "three", Version::k311);
  three.Publish("a", "x", 1, 1);
  EXPECT_EQ(three.Next(), "PUBACK 1");
  EXPECT_EQ(server.server->Counts().overflow, 3U);
}

TEST(ConnectionTest, WhoExceedsTheReceiveMaximumIsClosedInV5AndReadLaterIn311) {
  TestServer server([](ServerOptions* options) { options->receive_maximum = 4; });
  server.recorder.set_answer({Kind::kTaken, 1});
  Device five(server, "five", Version::k5);
  for (uint16_t id = 1; id <= 5; ++id) five.Publish("a", "x", 1, id);
  EXPECT_EQ(five.Next(), "DISCONNECT 0x93");
  EXPECT_EQ(server.recorder.count(), 4U);

  Device three(server, "three", Version::k311);
  for (uint16_t id = 1; id <= 9; ++id) three.Publish("a", "x", 1, id);
  ASSERT_TRUE(server.recorder.WaitFor(8));
  for (size_t i = 0; i < 9; ++i) {
    ASSERT_TRUE(server.recorder.WaitFor(4 + i + 1));
    server.Settle(server.recorder.taken()[4 + i].ticket);
    EXPECT_EQ(three.Next(), "PUBACK " + std::to_string(i + 1));
  }
}

TEST(ConnectionTest, WithoutRoomQos1WaitsUnjudgedAndQos0IsDropped) {
  TestServer server;
  Device device(server, "press-01");
  server.recorder.set_room(false);
  device.Publish("a", "waits", 1, 1);
  ASSERT_TRUE(server.Eventually([&] { return server.server->Counts().paused > 0; }));
  device.Publish("a", "waits behind it", 1, 2);
  device.client.Send({"\xc0\x00", 2});
  server.server->Resume();  // still no room
  ASSERT_TRUE(server.Eventually([&] { return server.server->Counts().paused > 1; }));
  EXPECT_EQ(server.recorder.count(), 0U);
  // Longer than its keep alive: its silence is ours.
  server.AdvanceSeconds(1000);
  server.AdvanceSeconds(1000);
  server.recorder.set_room(true);
  server.server->Resume();
  EXPECT_EQ(device.Next(), "PUBACK 1");
  EXPECT_EQ(device.Next(), "PUBACK 2");
  EXPECT_EQ(device.Next(), "PINGRESP");

  server.recorder.set_answer({Kind::kNoRoom, 0});
  device.Publish("a", "gone", 0);
  EXPECT_TRUE(server.Eventually([&] { return server.server->Counts().dropped_no_room == 1; }));
}

TEST(ConnectionTest, AllOfABurstBehindAPauseIsTakenInTheEnd) {
  TestServer server([](ServerOptions* options) { options->receive_maximum = 1000; });
  server.recorder.set_room(false);
  Device device(server, "press-01");
  std::string burst;
  const std::string payload(2000, 'x');
  for (uint16_t id = 1; id <= 200; ++id) {
    mqtt::PublishView publish;
    publish.topic = "a";
    publish.payload = payload;
    publish.qos = 1;
    publish.packet_id = id;
    burst += Encoded(Version::k5, publish);
  }
  device.client.Send(burst);
  ASSERT_TRUE(server.Eventually([&] { return server.server->Counts().paused > 0; }));
  server.recorder.set_room(true);
  server.server->Resume();
  for (uint16_t id = 1; id <= 200; ++id) ASSERT_EQ(device.Next(), "PUBACK " + std::to_string(id));
}

TEST(ConnectionTest, APayloadThatIsNotTheUtf8ItClaimsIsRefusedAlone) {
  TestServer server;
  Device device(server, "press-01");
  mqtt::PublishView publish;
  publish.topic = "a";
  publish.payload = "\xff\xfe";
  publish.payload_is_utf8 = true;
  publish.qos = 1;
  publish.packet_id = 1;
  device.client.Publish(Version::k5, publish);
  EXPECT_EQ(device.Next(), "PUBACK 1 0x99");
  device.Publish("a", "fine", 1, 2);
  EXPECT_EQ(device.Next(), "PUBACK 2");
  EXPECT_EQ(server.recorder.count(), 1U);
}

TEST(ConnectionTest, SilenceOfOneAndAHalfKeepAlivesEndsIt) {
  TestServer server;
  Device device(server, "press-01");  // keep alive 60
  server.AdvanceSeconds(80);
  device.client.Send({"\xc0\x00", 2});
  EXPECT_EQ(device.Next(), "PINGRESP");
  server.AdvanceSeconds(80);
  device.client.Send({"\xc0\x00", 2});
  EXPECT_EQ(device.Next(), "PINGRESP");
  server.AdvanceSeconds(91);
  EXPECT_EQ(device.Next(), "DISCONNECT 0x8d");
  EXPECT_EQ(device.Next(), "end");
  EXPECT_EQ(server.Closed("keep_alive"), 1U);
}

TEST(ConnectionTest, BytesOfAnUnfinishedPacketAreNoSignOfLife) {
  TestServer server;
  Device device(server, "press-01");
  device.client.Send(
      {"\x30\x50\x00\x01"
       "a",
       5});
  server.AdvanceSeconds(60);
  device.client.Send("b");
  server.AdvanceSeconds(31);
  EXPECT_EQ(device.Next(), "DISCONNECT 0x8d");
}

// A device that reads nothing: what waits for it is bounded, and so is the server's patience.
TEST(ConnectionTest, ASlowReaderIsClosed) {
  TestServer server;
  Device device(server, "press-01", Version::k311);
  std::string pings;
  for (int i = 0; i < 8000; ++i) pings.append("\xc0\x00", 2);
  EXPECT_TRUE(server.Eventually([&] {
    device.client.Send(pings);
    return server.Closed("slow_reader") == 1;
  }));
}

TEST(ConnectionTest, StopLetsWhatIsUnsettledSettleAndSaysGoodbye) {
  TestServer server;
  server.recorder.set_answer({Kind::kTaken, 1});
  Device five(server, "five", Version::k5);
  Device three(server, "three", Version::k311);
  five.Publish("a", "x", 1, 1);
  three.Publish("a", "x", 1, 1);
  ASSERT_TRUE(server.recorder.WaitFor(2));
  std::thread settling([&] {
    for (const Received& received : server.recorder.taken()) server.Settle(received.ticket);
  });
  EXPECT_TRUE(server.server->Stop(std::chrono::steady_clock::now() + std::chrono::seconds(20)));
  settling.join();
  EXPECT_EQ(five.Next(), "PUBACK 1");
  EXPECT_EQ(five.Next(), "DISCONNECT 0x8b");
  EXPECT_EQ(five.Next(), "end");
  EXPECT_EQ(three.Next(), "PUBACK 1");
  EXPECT_EQ(three.Next(), "end");
  EXPECT_EQ(TestClient(server.port()).fd(), -1);
}

// Each worker waits a quarter of a second for peers that do not close: all of them together.
TEST(ConnectionTest, StopWaitsForTheGoodbyesOfAllWorkersAtOnce) {
  TestServer server([](ServerOptions* options) { options->workers = 16; });
  std::vector<std::unique_ptr<Device>> devices;
  for (int i = 0; i < 64; ++i)
    devices.push_back(std::make_unique<Device>(server, "press-" + std::to_string(i)));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(server.server->Stop(begin + std::chrono::seconds(10)));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST(ConnectionTest, StopGivesUpAtTheDeadline) {
  TestServer server;
  server.recorder.set_answer({Kind::kTaken, 1});
  Device device(server, "press-01");
  device.Publish("a", "never safe", 1, 1);
  ASSERT_TRUE(server.recorder.WaitFor(1));
  // More comes while it stops: it is not read, and must not reset the goodbye away.
  device.Publish("a", "unread", 1, 2);
  EXPECT_FALSE(
      server.server->Stop(std::chrono::steady_clock::now() + std::chrono::milliseconds(50)));
  std::string last = device.Next();
  EXPECT_EQ(last, "DISCONNECT 0x8b");
  EXPECT_EQ(device.Next(), "end");
}

}  // namespace
}  // namespace sluice::server
