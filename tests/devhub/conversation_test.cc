#include "tests/devhub/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/devhub/control.h"
#include "tests/devhub/test_hub.h"

namespace sluice::devhub {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kSecond = 1'000'000;
constexpr char kEvents[] = "devices/x1/messages/events/";
const std::string kAccepted("\x20\x02\x00\x00", 4);
const std::string kAcceptedPresent("\x20\x02\x01\x00", 4);
const std::string kPuback1("\x40\x02\x00\x01", 4);
const std::string kDisconnect("\xe0\x00", 2);

std::string Connack(char code) { return std::string("\x20\x02\x00", 3) + code; }

mqtt::ConnectView ConnectAsX1() {
  static const std::string user_name = UserNameOf("x1");
  mqtt::ConnectView connect;
  connect.client_id = "x1";
  connect.user_name = user_name;
  return connect;
}

TEST(ConversationTest, StoresAndAcknowledges) {
  TestHub hub;
  TestClient client(hub, "x1");
  EXPECT_EQ(client.connack, kAccepted);
  EXPECT_EQ(
      client.Send(Publish(std::string(kEvents) + "%24.ct=application%2Fjson&a=b", R"({"t":1})")),
      kPuback1);
  const auto line = nlohmann::json::parse(hub.StoredLines());
  EXPECT_EQ(line["device"], "x1");
  EXPECT_EQ(line["module"], nullptr);
  EXPECT_EQ(line["properties"], nlohmann::json({{"a", "b"}}));
  EXPECT_EQ(line["payload"], nlohmann::json({{"t", 1}}));
  EXPECT_EQ(line["blocks"], 1);
  EXPECT_EQ(line["enqueuedTime"], "2027-01-15T08:00:00.000Z");
}

TEST(ConversationTest, Qos0IsStoredWithoutAnswer) {
  TestHub hub;
  TestClient client(hub, "x1");
  EXPECT_EQ(client.Send(Publish(kEvents, "on", 0)), "");
  EXPECT_THAT(hub.StoredLines(), HasSubstr("\"payload\":\"on\""));
}

TEST(ConversationTest, SeveralPacketsAtOnceAndOneCutAnywhere) {
  TestHub hub;
  TestClient client(hub, "x1");
  const std::string bytes =
      Publish(kEvents, "one", 1, 1) + Publish(kEvents, "two", 1, 2) + "\xc0" + '\0';
  const std::string expected = kPuback1 + std::string("\x40\x02\x00\x02\xd0\x00", 6);
  EXPECT_EQ(client.Send(bytes), expected);
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    Conversation& conversation = client.conversation();
    const size_t first = conversation.Receive(std::string_view(bytes).substr(0, cut));
    conversation.Receive(std::string_view(bytes).substr(first));
    EXPECT_EQ(*conversation.output(), expected) << "cut at " << cut;
    conversation.output()->clear();
  }
}

TEST(ConversationTest, ClosesOnWhatTheHubClosesOn) {
  const std::string events = kEvents;
  const struct {
    const char* what;
    std::string bytes;
    const char* logged;
  } kCases[] = {
      {"QoS 2", Publish(events, "x", 2), "QosNotSupported"},
      {"unknown topic", Publish("telemetry", "x"), "TopicNotSupported"},
      {"another's topic", Publish("devices/x2/messages/events/", "x"), "TopicNotSupported"},
      {"unknown topic at QoS 0", Publish("telemetry", "x", 0), "TopicNotSupported"},
      {"bad escape", Publish(events + "a=%2", "x"), "BadPropertyBag"},
      {"bad message id", Publish(events + "$.mid=a%2Fb", "x"), "BadPropertyBag"},
      {"too large a body", Publish(events, std::string(262'145, 'x')), "MessageTooLarge"},
      {"too large with its properties", Publish(events + "a=bcd", std::string(262'141, 'x')),
       "MessageTooLarge"},
      {"too large a packet", std::string("\x30\xff\xff\xff\x7f", 5), "MessageTooLarge"},
      {"packet id 0", std::string("\x32\x07\x00\x03", 4) + "a/b" + std::string(2, '\0'),
       "ProtocolViolation"},
      {"second CONNECT", Connect(ConnectAsX1()), "ProtocolViolation"},
      {"PUBREL", std::string("\x62\x02\x00\x01", 4), "ProtocolViolation"},
      {"SUBACK", std::string("\x90\x03\x00\x01\x00", 5), "ProtocolViolation"},
      {"reserved type", std::string("\xf0\x00", 2), "ProtocolViolation"},
      {"a twin's read without $rid", Publish("$iothub/twin/GET/", "", 0), "TopicNotSupported"},
      {"a method's result without a status", Publish("$iothub/methods/res/?$rid=1", "", 0),
       "TopicNotSupported"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    TestHub hub;
    TestClient client(hub, "x1");
    EXPECT_EQ(client.Send(Publish(events, "good") + c.bytes + Publish(events, "late")), kPuback1);
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(hub.Logged(c.logged));
    EXPECT_THAT(hub.StoredLines(), HasSubstr("good"));
    EXPECT_THAT(hub.StoredLines(), Not(HasSubstr("late")));
    EXPECT_EQ(hub.hub().statistics().messages, 1u);
    EXPECT_EQ(hub.hub().connections(), 0u);
  }
}

TEST(ConversationTest, LargestMessagePasses) {
  TestHub hub;
  TestClient client(hub, "x1");
  EXPECT_EQ(client.Send(Publish(kEvents, std::string(262'144, 'x'))), kPuback1);
  EXPECT_EQ(client.Send(Publish(std::string(kEvents) + "a=bc", std::string(262'141, 'x'))),
            kPuback1);
  EXPECT_EQ(hub.hub().statistics().blocks, 128u);
  EXPECT_EQ(hub.hub().statistics().bytes, 2u * 262'144);
}

TEST(ConversationTest, RetainBecomesAProperty) {
  TestHub hub;
  TestClient client(hub, "x1");
  client.Send(Publish(std::string(kEvents) + "a=b", "x", 1, 1, true));
  EXPECT_THAT(hub.StoredLines(), HasSubstr(R"("properties":{"a":"b","mqtt-retain":"true"})"));
  EXPECT_EQ(hub.hub().statistics().bytes, 3u);  // the hub's property is not the sender's to pay
  client.Send(Publish(std::string(kEvents) + "MQTT-Retain=false", "x", 1, 1, true));
  EXPECT_THAT(hub.StoredLines(), EndsWith("}\n"));
  EXPECT_THAT(hub.StoredLines(), Not(HasSubstr("MQTT-Retain")));
}

TEST(ConversationTest, ConnectIsRefused) {
  mqtt::ConnectView version5 = ConnectAsX1();
  version5.version = mqtt::Version::k5;
  std::string version3 = Connect(ConnectAsX1());
  version3[8] = 3;
  mqtt::ConnectView unknown = ConnectAsX1();
  const std::string unknown_name = UserNameOf("x9");
  unknown.client_id = "x9";
  unknown.user_name = unknown_name;
  mqtt::ConnectView other_id = ConnectAsX1();
  other_id.client_id = "x9";
  mqtt::ConnectView no_name = ConnectAsX1();
  no_name.user_name.reset();
  const struct {
    const char* what;
    std::string bytes;
    std::string answer;
  } kCases[] = {
      {"MQTT 5", Connect(version5), Connack(1)},
      {"level 3", version3, Connack(1)},
      {"client id of another", Connect(other_id), Connack(2)},
      {"no user name", Connect(no_name), Connack(4)},
      {"unknown identity", Connect(unknown), Connack(5)},
      {"not CONNECT", std::string("\xc0\x00", 2), ""},
      {"another protocol", "GET / HTTP/1.1\r\n\r\n", ""},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    TestHub hub;
    TestClient client(hub, CaSigned("x1"));
    EXPECT_EQ(client.Send(c.bytes), c.answer);
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(hub.log_lines.size(), 1u);
    EXPECT_EQ(hub.hub().statistics().accepted, 0u);
  }
}

TEST(ConversationTest, TheOlderConnectionOfAnIdentityIsDropped) {
  TestHub hub;
  TestClient older(hub, "x1");
  TestClient newer(hub, "x1");
  EXPECT_EQ(newer.connack, kAccepted);
  EXPECT_TRUE(older.closed());
  EXPECT_GT(older.wakes, 0);
  EXPECT_TRUE(hub.Logged("400027 ConnectionForcefullyClosedOnNewConnection: x1"));
  EXPECT_FALSE(newer.closed());
  EXPECT_EQ(hub.hub().connections(), 1u);
  older.HangUp();
  EXPECT_EQ(hub.hub().connections(), 1u);
  EXPECT_EQ(newer.Send(Publish(kEvents, "x")), kPuback1);
}

TEST(ConversationTest, SessionsOutliveConnectionsThatAreNotClean) {
  TestHub hub;
  EXPECT_EQ(TestClient(hub, "x1", false).connack, kAccepted);
  EXPECT_EQ(TestClient(hub, "x1", false).connack, kAcceptedPresent);
  EXPECT_EQ(TestClient(hub, "x1", true).connack, kAccepted);
  EXPECT_EQ(TestClient(hub, "x1", false).connack, kAccepted);  // the clean one was forgotten
}

TEST(ConversationTest, GrantsListedFiltersAtQos1) {
  TestHub hub;
  TestClient client(hub, "x1");
  EXPECT_EQ(client.Send(Subscribe(7, {{"devices/x1/messages/devicebound/#", 2},
                                      {"$iothub/methods/POST/#", 0},
                                      {"plant/#", 1}})),
            std::string("\x90\x05\x00\x07\x01\x00\x80", 7));
  EXPECT_FALSE(client.closed());
  EXPECT_TRUE(hub.Logged("plant/#"));
}

TEST(ConversationTest, AtMostFiveFilters) {
  TestHub hub;
  TestClient client(hub, "x1");
  EXPECT_EQ(client.Send(
                Subscribe(1, {{"a", 0}, {"b", 0}, {"c", 0}, {"d", 0}, {"$iothub/twin/res/#", 0}})),
            std::string("\x90\x07\x00\x01\x80\x80\x80\x80\x00", 9));
  EXPECT_EQ(client.Send(Subscribe(2, {{"$iothub/methods/POST/#", 0}})),
            std::string("\x90\x03\x00\x02\x80", 5));
  EXPECT_EQ(client.Send(Subscribe(3, {{"$iothub/twin/res/#", 1}})),
            std::string("\x90\x03\x00\x03\x01", 5));
}

TEST(ConversationTest, Unsubscribes) {
  TestHub hub;
  TestClient client(hub, "x1");
  client.Send(Subscribe(1, {{"$iothub/twin/res/#", 0}}));
  const std::string bytes = std::string("\xa2\x16\x00\x09\x00\x12", 6) + "$iothub/twin/res/#";
  EXPECT_EQ(client.Send(bytes), std::string("\xb0\x02\x00\x09", 4));
}

TEST(ConversationTest, KeepAliveIsOneAndAHalf) {
  struct {
    uint16_t keep_alive_s;
    int64_t patience_s;
  } const kCases[] = {{1, 1}, {60, 90}, {1177, 1765}, {1178, 1767}, {65535, 1767}, {0, 1767}};
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.keep_alive_s);
    TestHub hub;
    TestClient client(hub, "x1", true, c.keep_alive_s);
    hub.clock.Advance(c.patience_s * kSecond - 1);
    client.Tick();
    EXPECT_FALSE(client.closed());
    client.Send(std::string("\xc0\x00", 2));  // any packet resets it
    hub.clock.Advance(c.patience_s * kSecond - 1);
    client.Tick();
    EXPECT_FALSE(client.closed());
    hub.clock.Advance(kSecond);
    EXPECT_LE(client.conversation().NextDeadline(), hub.clock.SteadyMicros());
    client.Tick();
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(hub.Logged("404104 DeviceConnectionClosedRemotely"));
  }
}

TEST(ConversationTest, ConnectMustComeInTime) {
  TestHub hub;
  TestClient client(hub, CaSigned("x1"));
  client.Send(std::string("\x10", 1));
  hub.clock.Advance(30 * kSecond);
  client.Tick();
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(hub.Logged("ConnectTimeout"));
}

TEST(ConversationTest, ExpiryOfTheTokenCuts) {
  TestHub hub;
  hub.clock.unix_us = (1893456000 - 10) * kSecond;
  const std::string user_name = UserNameOf("gw-01");
  mqtt::ConnectView connect;
  connect.client_id = "gw-01";
  connect.user_name = user_name;
  connect.password = kSheetToken;
  connect.keep_alive_s = 600;
  TestClient client(hub, PeerCertificate());
  EXPECT_EQ(client.Send(Connect(connect)), kAccepted);
  EXPECT_EQ(client.conversation().NextDeadline(), hub.clock.steady_us + 10 * kSecond);
  hub.clock.Advance(10 * kSecond - 1);
  client.Tick();
  EXPECT_FALSE(client.closed());
  hub.clock.Advance(1);
  // The caller read its clock a moment earlier.
  EXPECT_LT(client.conversation().NextDeadline(), hub.clock.steady_us - 1);
  client.Tick();
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(hub.Logged("401003 IotHubUnauthorized: gw-01"));
  EXPECT_TRUE(hub.Logged("404104 DeviceConnectionClosedRemotely: gw-01"));
}

mqtt::ConnectView ConnectWithWill(std::string_view topic, uint8_t qos = 1) {
  mqtt::ConnectView connect = ConnectAsX1();
  connect.will.emplace();
  connect.will->topic = topic;
  connect.will->payload = "gone";
  connect.will->qos = qos;
  return connect;
}

TEST(ConversationTest, TheWillIsTelemetryOfAConnectionThatEndsWithoutDisconnect) {
  const std::string topic = std::string(kEvents) + "a=b";
  TestHub hub;
  TestClient polite(hub, CaSigned("x1"));
  polite.Send(Connect(ConnectWithWill(topic)));
  polite.Send(kDisconnect);
  polite.HangUp();
  EXPECT_EQ(hub.StoredLines(), "");
  TestClient rude(hub, CaSigned("x1"));
  rude.Send(Connect(ConnectWithWill(topic)));
  rude.HangUp();
  EXPECT_THAT(hub.StoredLines(),
              HasSubstr(R"("properties":{"a":"b","iothub-MessageType":"Will"})"));
  EXPECT_THAT(hub.StoredLines(), HasSubstr(R"("payload":"gone")"));
}

TEST(ConversationTest, WillsObeyTheRulesOfPublishes) {
  const struct {
    std::string topic;
    uint8_t qos;
  } kCases[] = {{"status", 1},
                {kEvents, 2},
                {"devices/x2/messages/events/", 0},
                {std::string(kEvents) + "a=%", 0},
                {"$iothub/twin/GET/", 0}};
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.topic);
    TestHub hub;
    TestClient client(hub, CaSigned("x1"));
    EXPECT_EQ(client.Send(Connect(ConnectWithWill(c.topic, c.qos))), "");
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(hub.StoredLines(), "");
    EXPECT_EQ(hub.hub().connections(), 0u);
  }
}

// --- Faults, by the commands that order them.

TEST(ConversationFaultTest, SlowAcknowledgesLateAndInOrder) {
  TestHub hub;
  TestClient client(hub, "x1");
  EXPECT_EQ(AskControl(hub.hub(), R"({"op":"fault","kind":"slow","delayMs":500,"count":1})"),
            R"({"ok":true})");
  EXPECT_EQ(client.Send(Publish(kEvents, "slow", 1, 1) + Publish(kEvents, "next", 1, 2)), "");
  EXPECT_EQ(hub.StoredLines(), "");
  EXPECT_EQ(client.conversation().NextDeadline(), hub.clock.steady_us + kSecond / 2);
  hub.clock.Advance(kSecond / 2);
  EXPECT_EQ(client.Tick(), kPuback1 + std::string("\x40\x02\x00\x02", 4));
  EXPECT_THAT(hub.StoredLines(), HasSubstr("next"));
  EXPECT_EQ(client.Send(Publish(kEvents, "x", 1, 1)), kPuback1);
}

TEST(ConversationFaultTest, ReadingStopsWhenTooMuchWaits) {
  TestHub hub;
  TestClient client(hub, "x1");
  AskControl(hub.hub(), R"({"op":"fault","kind":"slow","delayMs":1000})");
  const std::string large = Publish(kEvents, std::string(262'144, 'x'));
  for (int i = 0; i < 64; ++i) client.Send(large);
  EXPECT_FALSE(client.conversation().wants_input());
  EXPECT_EQ(client.conversation().Receive(large), 0u);
  hub.clock.Advance(kSecond);
  client.Tick();
  EXPECT_TRUE(client.conversation().wants_input());
  EXPECT_EQ(hub.hub().statistics().messages, 64u);
}

TEST(ConversationFaultTest, NoAck) {
  TestHub hub;
  TestClient client(hub, "x1");
  AskControl(hub.hub(), R"({"op":"fault","kind":"no-ack","count":1,"device":"x1"})");
  EXPECT_EQ(client.Send(Publish(kEvents, "kept", 1, 9)), "");
  EXPECT_EQ(client.Send(Publish(kEvents, "x", 1, 1)), kPuback1);
  EXPECT_THAT(hub.StoredLines(), HasSubstr("kept"));
  AskControl(hub.hub(), R"({"op":"fault","kind":"no-ack","count":1,"store":false})");
  EXPECT_EQ(client.Send(Publish(kEvents, "lost", 1, 9)), "");
  EXPECT_THAT(hub.StoredLines(), Not(HasSubstr("lost")));
}

TEST(ConversationFaultTest, ThrottleWaitsThenCuts) {
  TestHub hub;
  TestClient client(hub, "x1");
  AskControl(hub.hub(),
             R"({"op":"fault","kind":"throttle","perSecond":10,"burst":1,"patienceMs":100})");
  EXPECT_EQ(client.Send(Publish(kEvents, "a", 1, 1)), kPuback1);
  EXPECT_EQ(client.Send(Publish(kEvents, "b", 1, 1)), "");
  hub.clock.Advance(kSecond / 10);
  EXPECT_EQ(client.Tick(), kPuback1);
  client.Send(Publish(kEvents, "c", 1, 1) + Publish(kEvents, "d", 1, 2) +
              Publish(kEvents, "e", 1, 3));
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(hub.Logged("429001 ThrottlingException"));
}

TEST(ConversationFaultTest, DisconnectAndRefuse) {
  TestHub hub;
  TestClient client(hub, "x1");
  EXPECT_EQ(AskControl(hub.hub(), R"({"op":"fault","kind":"disconnect","refuseMs":1000})"),
            R"({"closed":1,"ok":true})");
  EXPECT_TRUE(client.closed());
  TestClient early(hub, "x1");
  EXPECT_EQ(early.connack, Connack(3));
  hub.clock.Advance(kSecond);
  EXPECT_EQ(TestClient(hub, "x1").connack, kAccepted);
  AskControl(hub.hub(), R"({"op":"fault","kind":"disconnect","refuseMs":1000})");
  AskControl(hub.hub(), R"({"op":"fault","kind":"none"})");
  TestClient later(hub, "x1");
  EXPECT_EQ(later.connack, kAccepted);
  AskControl(hub.hub(), R"({"op":"fault","kind":"disconnect","after":1})");
  EXPECT_EQ(later.Send(Publish(kEvents, "a") + Publish(kEvents, "b")), kPuback1);
  EXPECT_TRUE(later.closed());
  EXPECT_EQ(TestClient(hub, "x1").Send(Publish(kEvents, "c")), kPuback1);
}

// --- Limits of the tier, where devices.json asks for them.

TEST(HubLimitsTest, QuotaOfTheDay) {
  TestHub hub(R"({"hostName":"sluice-demo.azure-devices.net","tier":"F1","enforceLimits":true,
                  "devices":[{"deviceId":"x1","caSigned":true}]})");
  TestClient client(hub, "x1");
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(client.Send(Publish(kEvents, std::string(262'144, 'x'))),
              kPuback1);  // 512 blocks of half a kilobyte
  }
  EXPECT_EQ(client.Send(Publish(kEvents, std::string(262'144, 'x'))), "");
  EXPECT_TRUE(client.closed());
  EXPECT_TRUE(hub.Logged("403002 IotHubQuotaExceeded"));
  hub.clock.Advance(int64_t{16} * 3600 * kSecond);  // past 00:00 UTC
  EXPECT_EQ(TestClient(hub, "x1").Send(Publish(kEvents, "x")), kPuback1);
  EXPECT_EQ(hub.hub().blocks_today(), 1u);
}

TEST(HubLimitsTest, SendsOfTheTier) {
  TestHub hub(R"({"hostName":"sluice-demo.azure-devices.net","tier":"S1","enforceLimits":true,
                  "devices":[{"deviceId":"x1","caSigned":true}]})");
  TestClient client(hub, "x1");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.Send(Publish(kEvents, "x")), kPuback1) << i;
  EXPECT_EQ(client.Send(Publish(kEvents, "x")), "");
  hub.clock.Advance(kSecond / 100);
  EXPECT_EQ(client.Tick(), kPuback1);
}

TEST(HubLimitsTest, ConnectionsAboveTheRateAreAnsweredLateThenRefused) {
  TestHub hub(R"({"hostName":"sluice-demo.azure-devices.net","tier":"S1","enforceLimits":true,
                  "devices":[{"deviceId":"x1","caSigned":true}]})");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(TestClient(hub, "x1").connack, kAccepted) << i;
  TestClient late(hub, "x1");
  EXPECT_EQ(late.connack, "");
  EXPECT_FALSE(late.conversation().wants_input());
  EXPECT_EQ(late.conversation().NextDeadline(), hub.clock.steady_us + kSecond / 100);
  hub.clock.Advance(kSecond / 100);
  EXPECT_EQ(late.Tick(), kAccepted);
  EXPECT_TRUE(late.conversation().wants_input());
  std::vector<std::unique_ptr<TestClient>> line;
  for (int i = 0; i < 6000; ++i) line.push_back(std::make_unique<TestClient>(hub, "x1"));
  EXPECT_EQ(TestClient(hub, "x1").connack, Connack(3));
  EXPECT_TRUE(hub.Logged("429001 ThrottlingException: x1"));
}

TEST(HubLimitsTest, WhatWaitedIsJudgedAgain) {
  TestHub hub;
  AskControl(hub.hub(), R"({"op":"fault","kind":"connect","perSecond":0.1})");
  TestClient first(hub, "x1");
  TestClient second(hub, "x1");
  EXPECT_EQ(second.connack, "");
  hub.hub().SetRegistry(Registry::Parse(R"({"hostName":"sluice-demo.azure-devices.net"})").value());
  hub.clock.Advance(10 * kSecond);
  EXPECT_EQ(second.Tick(), Connack(5));
  EXPECT_TRUE(second.closed());
}

TEST(HubLimitsTest, EachIdentityHasItsOwnConnectionRate) {
  TestHub hub;
  AskControl(hub.hub(),
             R"({"op":"fault","kind":"connect","perSecond":1,"burst":2,"patienceMs":1000})");
  EXPECT_EQ(TestClient(hub, "x1").connack, kAccepted);
  EXPECT_EQ(TestClient(hub, "x1").connack, kAccepted);
  TestClient late(hub, "x1");
  EXPECT_EQ(late.connack, "");
  EXPECT_EQ(TestClient(hub, "x1").connack, Connack(3));
  EXPECT_EQ(TestClient(hub, "edge-01/x").connack, kAccepted);
  hub.clock.Advance(kSecond);
  EXPECT_EQ(late.Tick(), kAccepted);
}

TEST(HubLimitsTest, TwinsMethodsAndMessagesToDevices) {
  TestHub hub(R"({"hostName":"sluice-demo.azure-devices.net","tier":"S1","enforceLimits":true,
                  "devices":[{"deviceId":"x1","caSigned":true}]})");
  TestClient client(hub, "x1");
  client.Send(Subscribe(1, {{"$iothub/twin/res/#", 0}, {"$iothub/methods/POST/#", 0}}));
  std::string get = Publish("$iothub/twin/GET/?$rid=1", "", 0);
  for (int i = 0; i < 100; ++i) client.Send(get);
  EXPECT_EQ(PublishesIn(client.Send(get))[0].topic, "$iothub/twin/res/429/?$rid=1");
  const std::string report = Publish("$iothub/twin/PATCH/properties/reported/?$rid=2", "{}", 0);
  for (int i = 0; i < 50; ++i) client.Send(report);
  EXPECT_EQ(PublishesIn(client.Send(report))[0].topic, "$iothub/twin/res/429/?$rid=2");
  EXPECT_FALSE(client.closed());
  const char* method = R"({"op":"method","device":"x1","name":"ping"})";
  for (int i = 0; i < 40; ++i) EXPECT_EQ(AskControl(hub.hub(), method), "");
  EXPECT_THAT(AskControl(hub.hub(), method), HasSubstr(R"("code":429001)"));
  for (int i = 0; i < 100; ++i) {
    AskControl(hub.hub(), R"({"op":"c2d","device":"x1","payload":"a"})");
    AskControl(hub.hub(), R"({"op":"c2d","device":"x1","kind":"purge"})");
  }
  EXPECT_THAT(AskControl(hub.hub(), R"({"op":"c2d","device":"x1","payload":"a"})"),
              HasSubstr(R"("code":429001)"));
}

TEST(HubLimitsTest, TheQuotaCountsTwinsMethodsAndMessagesToDevices) {
  TestHub hub(R"({"hostName":"sluice-demo.azure-devices.net","tier":"F1","enforceLimits":true,
                  "devices":[{"deviceId":"x1","caSigned":true}]})");
  TestClient client(hub, "x1");
  client.Send(Subscribe(1, {{"$iothub/twin/res/#", 0}}));
  for (int i = 0; i < 15; ++i) client.Send(Publish(kEvents, std::string(262'144, 'x')));
  for (int i = 0; i < 15; ++i) client.Send(Publish(kEvents, std::string(size_t{20} * 512, 'x')));
  EXPECT_EQ(hub.hub().blocks_today(), 7980u);
  EXPECT_EQ(AskControl(hub.hub(), R"({"op":"c2d","device":"x1","payload":"a"})"),
            R"({"messageId":"c2d-1","ok":true,"pending":1})");
  EXPECT_EQ(hub.hub().blocks_today(), 7981u);
  client.Send(Publish("$iothub/twin/GET/?$rid=1", "", 0));
  EXPECT_EQ(hub.hub().blocks_today(), 7982u);
  client.Send(Publish(kEvents, std::string(size_t{18} * 512, 'x')));
  EXPECT_THAT(AskControl(hub.hub(), R"({"op":"c2d","device":"x1","payload":"a"})"),
              HasSubstr(R"("code":403002)"));
  EXPECT_EQ(PublishesIn(client.Send(Publish("$iothub/twin/GET/?$rid=1", "", 0)))[0].topic,
            "$iothub/twin/res/429/?$rid=1");
  EXPECT_FALSE(client.closed());
}

TEST(HubReloadTest, ConnectionsOfChangedIdentitiesAreClosed) {
  TestHub hub(R"({"hostName":"sluice-demo.azure-devices.net","devices":[
      {"deviceId":"same","caSigned":true},{"deviceId":"gone","caSigned":true},{"deviceId":"off","caSigned":true}]})");
  TestClient same(hub, "same");
  TestClient gone(hub, "gone");
  TestClient off(hub, "off");
  hub.hub().SetRegistry(Registry::Parse(R"({"hostName":"sluice-demo.azure-devices.net","devices":[
      {"deviceId":"same","caSigned":true},{"deviceId":"off","caSigned":true,"status":"disabled"}]})")
                            .value());
  EXPECT_FALSE(same.closed());
  EXPECT_TRUE(gone.closed());
  EXPECT_TRUE(off.closed());
  EXPECT_TRUE(hub.Logged("403012 DeviceDisabled: off"));
}

TEST(ControlTest, Answers) {
  TestHub hub;
  struct {
    const char* line;
    const char* answer;
  } const kCases[] = {
      {"", "want one JSON object"},
      {"[]", "want one JSON object"},
      {"{\"op\":", "want one JSON object"},
      {"{}", "op: want fault, stats"},
      {R"({"op":"reboot"})", "op: want fault, stats"},
      {R"({"op":"twin"})", "device: want"},
      {R"({"op":"twin","device":"x9"})", R"("code":404001)"},
      {R"({"op":"c2d","device":"edge-01/x"})", "NotAllowedForModules"},
      {R"({"op":"fault"})", "kind: want slow"},
      {R"({"op":"fault","kind":"fire"})", "kind: want slow"},
      {R"({"op":"fault","kind":"slow","delayMs":"1"})", "delayMs: want a number"},
      {R"({"op":"fault","kind":"slow","delay":1})", "delay means nothing"},
      {R"({"op":"fault","kind":"none"})", "\"ok\":true"},
      {R"({"op":"stats"})", "\"messages\":0"},
  };
  for (const auto& c : kCases)
    EXPECT_THAT(AskControl(hub.hub(), c.line), HasSubstr(c.answer)) << c.line;
  EXPECT_EQ(hub.hub().faults().size(), 0u);
}

}  // namespace
}  // namespace sluice::devhub
