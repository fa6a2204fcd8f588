// Cloud-to-device messages, direct methods and twins, from the control command to the client's
// packets and back.
#include "tests/devhub/cloud.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/devhub/test_hub.h"

namespace sluice::devhub {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Json = nlohmann::json;

constexpr int64_t kSecond = 1'000'000;
constexpr char kDevicebound[] = "devices/x1/messages/devicebound/#";
constexpr char kMethods[] = "$iothub/methods/POST/#";
constexpr char kTwinAnswers[] = "$iothub/twin/res/#";
constexpr char kDesired[] = "$iothub/twin/PATCH/properties/desired/#";
const std::string kDisconnect("\xe0\x00", 2);

Json Ask(TestHub& hub, std::string_view line) {
  return Json::parse(AskControl(hub.hub(), line), nullptr, false);
}

std::vector<std::string> Payloads(const std::string& bytes) {
  std::vector<std::string> payloads;
  for (const Received& received : PublishesIn(bytes)) payloads.push_back(received.payload);
  return payloads;
}

// --- Cloud-to-device messages.

TEST(CloudToDeviceTest, ArrivesWithItsBagAndIsCompletedByPuback) {
  TestHub hub;
  TestClient client(hub, "x1");
  client.Send(Subscribe(1, {{kDevicebound, 1}}));
  const Json answer =
      Ask(hub, R"({"op":"c2d","device":"x1","messageId":"7f","contentType":"application/json",
               "properties":{"cmd":"reload","empty":"","note":null},"payload":{"a":1},"ack":"full"})");
  EXPECT_EQ(answer, Json({{"ok", true}, {"messageId", "7f"}, {"pending", 1}}));
  const auto received = PublishesIn(client.Hear());
  ASSERT_EQ(received.size(), 1u);
  EXPECT_GT(client.wakes, 0);
  EXPECT_EQ(received[0].topic,
            "devices/x1/messages/devicebound/%24.mid=7f"
            "&%24.to=%2Fdevices%2Fx1%2Fmessages%2Fdevicebound&%24.ct=application%2Fjson"
            "&cmd=reload&empty=&note&iothub-ack=full");
  EXPECT_EQ(received[0].payload, R"({"a":1})");
  EXPECT_EQ(received[0].qos, 1);
  EXPECT_EQ(client.Send(Puback(received[0].packet_id)), "");
  EXPECT_EQ(Ask(hub, R"({"op":"c2d","kind":"pending","device":"x1"})")["messages"], Json::array());
  EXPECT_EQ(Ask(hub, R"({"op":"c2d","kind":"feedback","device":"x1"})")["feedback"],
            Json::array({{{"originalMessageId", "7f"}, {"statusCode", "Success"}}}));
}

TEST(CloudToDeviceTest, NothingArrivesBeforeTheFilterIsGranted) {
  TestHub hub;
  TestClient client(hub, "x1", false);
  Ask(hub, R"({"op":"c2d","device":"x1","payload":"early"})");
  EXPECT_EQ(client.Hear(), "");
  const std::string answer = client.Send(Subscribe(1, {{kDevicebound, 1}}));
  EXPECT_EQ(answer.substr(0, 5), std::string("\x90\x03\x00\x01\x01", 5));
  EXPECT_THAT(Payloads(answer.substr(5)), ElementsAre("early"));
}

TEST(CloudToDeviceTest, WaitsForWhoKeepsItsSession) {
  TestHub hub;
  {
    TestClient client(hub, "x1", false);
    client.Send(Subscribe(1, {{kDevicebound, 1}}));
    client.Send(kDisconnect);
  }
  Ask(hub, R"({"op":"c2d","device":"x1","payload":"one"})");
  TestClient again(hub, "x1", false);
  EXPECT_THAT(Payloads(again.connack), ElementsAre("one"));  // behind the CONNACK, unasked
  // Not completed: it comes again after a minute, whatever connection there is then.
  again.Send(kDisconnect);
  TestClient third(hub, "x1", false);
  EXPECT_THAT(Payloads(third.connack), ElementsAre());
  hub.clock.Advance(30 * kSecond);
  EXPECT_LE(third.conversation().NextDeadline(), hub.clock.steady_us + 30 * kSecond);
  hub.clock.Advance(30 * kSecond);
  EXPECT_THAT(Payloads(third.Tick()), ElementsAre("one"));
}

TEST(CloudToDeviceTest, ACleanSessionForgetsWhatIsQueued) {
  TestHub hub;
  Ask(hub, R"({"op":"c2d","device":"x1","payload":"one"})");
  TestClient client(hub, "x1", true);
  EXPECT_EQ(PublishesIn(client.Send(Subscribe(1, {{kDevicebound, 1}}))).size(), 0u);
}

TEST(CloudToDeviceTest, Qos0IsCompletedBySending) {
  TestHub hub;
  TestClient client(hub, "x1");
  client.Send(Subscribe(1, {{kDevicebound, 0}}));
  Ask(hub, R"({"op":"c2d","device":"x1","payload":"one"})");
  const auto received = PublishesIn(client.Hear());
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].qos, 0);
  EXPECT_EQ(Ask(hub, R"({"op":"c2d","kind":"pending","device":"x1"})")["messages"].size(), 0u);
}

TEST(CloudToDeviceTest, RefusesWhatTheHubRefuses) {
  TestHub hub;
  const std::string large(65'530, 'x');
  const struct {
    std::string line;
    const char* error;
  } kCases[] = {
      {R"({"op":"c2d","device":"x9","payload":"a"})", "DeviceNotFound"},
      {R"({"op":"c2d","device":"edge-01/x","payload":"a"})", "OperationNotAllowedForModules"},
      {R"({"op":"c2d","device":"x1","payload":")" + large + R"(xxxxxxx"})", "MessageTooLarge"},
      {R"({"op":"c2d","device":"x1","payload":")" + large + R"(","properties":{"ab":"cde"}})",
       "MessageTooLarge"},
      {R"({"op":"c2d","device":"x1","payload":"a","expirySeconds":172801})", "ArgumentInvalid"},
      {R"({"op":"c2d","device":"x1","payload":"a","messageId":"a b"})", "messageId"},
      {R"({"op":"c2d","device":"x1","payload":"a","ack":"maybe"})", "ack: want"},
      {R"({"op":"c2d","device":"x1","payload":"a","properties":{"a":1}})", "properties: want"},
      {R"({"op":"c2d","device":"x1","payload":"a","payloadBase64":"YQ=="})", "payloadBase64"},
      {R"({"op":"c2d","device":"x1","payloadBase64":"Y"})", "payloadBase64: want base64"},
      {R"({"op":"c2d","device":"x1","payload":"a","input":"in1"})", "inputs are edgeHub's"},
      {R"({"op":"c2d","device":"x1","kind":"abandon"})", "kind: want"},
  };
  for (const auto& c : kCases) {
    const Json answer = Ask(hub, c.line);
    EXPECT_EQ(answer["ok"], false) << c.line.substr(0, 100);
    EXPECT_THAT(answer["error"].get<std::string>(), HasSubstr(c.error)) << c.line.substr(0, 100);
  }
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(Ask(hub, R"({"op":"c2d","device":"x1","payload":"a"})")["ok"], true);
  }
  EXPECT_EQ(Ask(hub, R"({"op":"c2d","device":"x1","payload":"a"})")["code"], 403004);
  hub.clock.Advance(3600 * kSecond);  // they live an hour
  EXPECT_EQ(Ask(hub, R"({"op":"c2d","device":"x1","payload":"a"})")["pending"], 1);
}

TEST(CloudToDeviceTest, BasicTiersHaveNone) {
  TestHub hub(R"({"hostName":"sluice-demo.azure-devices.net","tier":"B1",
                  "devices":[{"deviceId":"x1","caSigned":true}]})");
  for (const char* line :
       {R"({"op":"c2d","device":"x1","payload":"a"})",
        R"({"op":"method","device":"x1","name":"a"})", R"({"op":"twin","device":"x1"})"}) {
    EXPECT_THAT(AskControl(hub.hub(), line), HasSubstr("NotAllowedInCurrentTier")) << line;
  }
}

// --- Direct methods.

TEST(MethodTest, AsksAndAnswers) {
  TestHub hub;
  TestClient client(hub, "edge-01/x");
  client.Send(Subscribe(1, {{kMethods, 1}}));
  std::string answer;
  AnswerControl(hub.hub(),
                R"({"op":"method","device":"edge-01/x","name":"ping","payload":{"n":1}})",
                [&](std::string text) { answer = std::move(text); });
  EXPECT_EQ(answer, "");
  const auto received = PublishesIn(client.Hear());
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].topic, "$iothub/methods/POST/ping/?$rid=1");
  EXPECT_EQ(received[0].payload, R"({"n":1})");
  EXPECT_EQ(received[0].qos, 0);
  client.Send(Publish("$iothub/methods/res/299/?$rid=7", "{}", 0));  // nobody's
  EXPECT_EQ(answer, "");
  EXPECT_EQ(client.Send(Publish("$iothub/methods/res/207/?$rid=1", R"({"up":9})", 1, 5)),
            Puback(5));
  EXPECT_EQ(answer, R"({"ok":true,"payload":{"up":9},"status":207})");
  client.Send(Publish("$iothub/methods/res/200/?$rid=1", "{}", 0));  // again
  EXPECT_FALSE(client.closed());
}

TEST(MethodTest, AnothersReplyDoesNotCount) {
  TestHub hub;
  TestClient asked(hub, "x1");
  TestClient other(hub, "edge-01/x");
  asked.Send(Subscribe(1, {{kMethods, 0}}));
  std::string answer;
  AnswerControl(hub.hub(), R"({"op":"method","device":"x1","name":"ping"})",
                [&](std::string text) { answer = std::move(text); });
  other.Send(Publish("$iothub/methods/res/200/?$rid=1", "{}", 0));
  EXPECT_EQ(answer, "");
  asked.Send(Publish("$iothub/methods/res/200/?$rid=1", "", 0));
  EXPECT_EQ(answer, R"({"ok":true,"payload":null,"status":200})");
}

TEST(MethodTest, TimeIsLimited) {
  TestHub hub;
  TestClient client(hub, "x1");
  client.Send(Subscribe(1, {{kMethods, 0}}));
  std::string answer;
  AnswerControl(hub.hub(), R"({"op":"method","device":"x1","name":"ping","timeoutSeconds":5})",
                [&](std::string text) { answer = std::move(text); });
  EXPECT_EQ(hub.hub().NextDeadline(), hub.clock.steady_us + 5 * kSecond);
  hub.clock.Advance(5 * kSecond - 1);
  hub.hub().Tick();
  EXPECT_EQ(answer, "");
  hub.clock.Advance(1);
  hub.hub().Tick();
  EXPECT_THAT(answer, HasSubstr(R"("code":504101)"));
  EXPECT_EQ(hub.hub().NextDeadline(), INT64_MAX);
}

TEST(MethodTest, RefusesWhatTheHubRefuses) {
  TestHub hub;
  const struct {
    std::string line;
    const char* error;
  } kCases[] = {
      {R"({"op":"method","device":"x9","name":"ping"})", "DeviceNotFound"},
      {R"({"op":"method","device":"edge-01/y","name":"ping"})", "ModuleNotFound"},
      {R"({"op":"method","device":"x1","name":"ping"})", "DeviceNotOnline: not connected"},
      {R"({"op":"method","device":"edge-01/x","name":"ping"})", "DeviceNotOnline: not subscribed"},
      {R"({"op":"method","device":"edge-01/x","name":"a/b"})", "ArgumentInvalid"},
      {R"({"op":"method","device":"edge-01/x","name":"a#"})", "ArgumentInvalid"},
      {R"({"op":"method","device":"edge-01/x","name":"a","timeoutSeconds":4})", "ArgumentInvalid"},
      {R"({"op":"method","device":"edge-01/x","name":"a","timeoutSeconds":301})",
       "ArgumentInvalid"},
      {R"({"op":"method","device":"edge-01/x","name":"a","payload":")" +
           std::string(128 << 10, 'x') + R"("})",
       "MessageTooLarge"},
  };
  TestClient client(hub, "edge-01/x");
  for (const auto& c : kCases) {
    EXPECT_THAT(AskControl(hub.hub(), c.line), HasSubstr(c.error)) << c.line.substr(0, 100);
  }
  EXPECT_EQ(client.Hear(), "");
}

TEST(MethodTest, RepliesThatClose) {
  for (const char* topic : {"$iothub/methods/res/", "$iothub/methods/res/200",
                            "$iothub/methods/res/ok/?$rid=1", "$iothub/methods/res/200/",
                            "$iothub/methods/res/200/?$rid=", "$iothub/methods/res/200/?rid=1"}) {
    TestHub hub;
    TestClient client(hub, "x1");
    client.Send(Publish(topic, "{}", 0));
    EXPECT_TRUE(client.closed()) << topic;
    EXPECT_TRUE(hub.Logged("TopicNotSupported")) << topic;
  }
  TestHub hub;
  TestClient client(hub, "x1");
  client.Send(Publish("$iothub/methods/res/200/?$rid=1", std::string((128 << 10) + 1, '1'), 0));
  EXPECT_TRUE(hub.Logged("MessageTooLarge"));
}

TEST(MethodTest, AReplyThatIsNoJsonIsTheCallersError) {
  TestHub hub;
  TestClient client(hub, "x1");
  client.Send(Subscribe(1, {{kMethods, 0}}));
  std::string answer;
  AnswerControl(hub.hub(), R"({"op":"method","device":"x1","name":"ping"})",
                [&](std::string text) { answer = std::move(text); });
  client.Send(Publish("$iothub/methods/res/200/?$rid=1", "pong", 0));
  EXPECT_THAT(answer, HasSubstr("BadMethodReply"));
  EXPECT_FALSE(client.closed());
}

// --- Twins.

TEST(TwinOnTheWireTest, ReadReportAndChange) {
  TestHub hub;
  TestClient client(hub, "x1");
  client.Send(Subscribe(1, {{kDesired, 0}, {kTwinAnswers, 0}}));
  Ask(hub, R"({"op":"twin","device":"x1","desired":{"rules":{"version":3}}})");
  auto received = PublishesIn(client.Hear());
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].topic, "$iothub/twin/PATCH/properties/desired/?$version=2");
  EXPECT_EQ(received[0].payload, R"({"$version":2,"rules":{"version":3}})");

  received = PublishesIn(client.Send(Publish("$iothub/twin/GET/?$rid=a%20b-1", " ", 0)));
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].topic, "$iothub/twin/res/200/?$rid=a%20b-1");
  EXPECT_EQ(received[0].payload,
            R"({"desired":{"$version":2,"rules":{"version":3}},"reported":{"$version":1}})");

  received = PublishesIn(client.Send(
      Publish("$iothub/twin/PATCH/properties/reported/?$rid=2", R"({"up":true})", 1, 9)));
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].topic, "$iothub/twin/res/204/?$rid=2&$version=2");
  EXPECT_EQ(received[0].payload, "");
  EXPECT_EQ(Ask(hub, R"({"op":"twin","device":"x1"})")["properties"]["reported"],
            Json({{"up", true}, {"$version", 2}}));

  received = PublishesIn(
      client.Send(Publish("$iothub/twin/PATCH/properties/reported/?$rid=3", R"({"a.b":1})", 0)));
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].topic, "$iothub/twin/res/400/?$rid=3");
  EXPECT_TRUE(hub.Logged("TwinPatchRefused"));
  EXPECT_FALSE(client.closed());
}

TEST(TwinOnTheWireTest, NothingIsToldWhereNothingIsSubscribed) {
  TestHub hub;
  TestClient client(hub, "x1");
  EXPECT_EQ(client.Send(Publish("$iothub/twin/GET/?$rid=1", "", 0)), "");
  EXPECT_EQ(client.Send(Publish("$iothub/twin/GET/?$rid=1", "", 1, 3)), Puback(3));
  Ask(hub, R"({"op":"twin","device":"x1","desired":{"a":1}})");
  EXPECT_EQ(client.Hear(), "");
  // Changes made meanwhile are not replayed; what is read has them.
  client.Send(Subscribe(1, {{kDesired, 0}, {kTwinAnswers, 0}}));
  const auto received = PublishesIn(client.Send(Publish("$iothub/twin/GET/?$rid=1", "", 0)));
  ASSERT_EQ(received.size(), 1u);
  EXPECT_THAT(received[0].payload, HasSubstr(R"("a":1)"));
}

TEST(TwinOnTheWireTest, ControlErrors) {
  TestHub hub;
  for (const char* line : {R"({"op":"twin","device":"x1","desired":{"a b":1}})",
                           R"({"op":"twin","device":"x1","desired":[]})",
                           R"({"op":"twin","device":"x1","tags":{"$a":1}})",
                           R"({"op":"twin","device":"x/y/z"})", R"({"op":"twin","device":"x9"})"}) {
    EXPECT_EQ(Ask(hub, line)["ok"], false) << line;
  }
  EXPECT_EQ(Ask(hub, R"({"op":"twin","device":"edge-01/x","tags":{"a":1}})")["tags"],
            Json({{"a", 1}}));
}

TEST(TwinOnTheWireTest, TagsComeFromTheIdentitiesFile) {
  TestHub hub(R"({"hostName":"h","devices":[{"deviceId":"x1","caSigned":true,
                  "tags":{"site":"north"}}]})");
  EXPECT_EQ(Ask(hub, R"({"op":"twin","device":"x1"})")["tags"], Json({{"site", "north"}}));
}

TEST(TwinOnTheWireTest, WhoDoesNotReadIsNotListenedTo) {
  TestHub hub;
  TestClient client(hub, "x1");
  client.Send(Subscribe(1, {{kTwinAnswers, 0}}));
  const std::string value(4096, 'v');
  for (const char* key : {"a", "b", "c", "d", "e", "f", "g"}) {
    client.Send(
        Publish("$iothub/twin/PATCH/properties/reported/?$rid=1", Json({{key, value}}).dump(), 0));
  }
  std::string requests;
  for (int i = 0; i < 10'000; ++i) requests += Publish("$iothub/twin/GET/?$rid=1", "", 0);
  Conversation& conversation = client.conversation();
  const size_t handled = conversation.Receive(requests);
  EXPECT_LT(handled, requests.size() / 100);
  EXPECT_FALSE(conversation.wants_input());
  EXPECT_LT(conversation.output()->size(), 2u << 20);
  conversation.output()->clear();
  EXPECT_GT(conversation.Receive(std::string_view(requests).substr(handled)), 0u);
}

TEST(TwinOnTheWireTest, AnIdentityThatWasRemovedHadAnotherTwin) {
  constexpr char kNobody[] = R"({"hostName":"h","devices":[]})";
  constexpr char kOne[] = R"({"hostName":"h","devices":[{"deviceId":"x1","caSigned":true}]})";
  TestHub hub(kOne);
  Ask(hub, R"({"op":"twin","device":"x1","desired":{"a":1}})");
  hub.hub().SetRegistry(Registry::Parse(kOne).value());
  EXPECT_EQ(Ask(hub, R"({"op":"twin","device":"x1"})")["properties"]["desired"]["a"], 1);
  hub.hub().SetRegistry(Registry::Parse(kNobody).value());
  hub.hub().SetRegistry(Registry::Parse(kOne).value());
  EXPECT_EQ(Ask(hub, R"({"op":"twin","device":"x1"})")["properties"]["desired"],
            Json({{"$version", 1}}));
}

}  // namespace
}  // namespace sluice::devhub
