// The Device Provisioning Service, from CONNECT to the identity in the hub.
#include "tests/devhub/dps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "filters/json/base64.h"
#include "tests/devhub/test_hub.h"

namespace sluice::devhub {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

constexpr int64_t kSecond = 1'000'000;

// The keys of the sheet's worked examples.
constexpr char kConfig[] = R"({
  "idScope": "0ne000DEMO1", "assigningAnswers": 1,
  "enrollments": [
    {"registrationId": "sn-0001", "primaryKey": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
    {"registrationId": "Printed-By", "thumbprint": "1111111111111111111111111111111111111111",
     "deviceId": "press-7", "payload": {"line": 7}},
    {"registrationId": "full", "thumbprint": "1111111111111111111111111111111111111111",
     "failure": {"errorCode": 400208, "errorMessage": "no usable hub"}},
    {"registrationId": "idle", "thumbprint": "1111111111111111111111111111111111111111",
     "status": "disabled"}],
  "groups": [{"groupId": "line-7", "caSigned": true}]})";
constexpr char kGroupConfig[] = R"({
  "idScope": "0ne000DEMO1", "assigningAnswers": 0, "retryAfterSeconds": null,
  "groups": [{"groupId": "line-7", "primaryKey":
    "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl9gYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+fw=="}]})";
constexpr char kIndividualToken[] =
    "SharedAccessSignature sr=0ne000DEMO1%2Fregistrations%2Fsn-0001"
    "&sig=PMR%2BUdsI2vKwMMrbDEeRoB074znXOSd2OLXYxLfyRPI%3D&se=1893456000&skn=registration";
constexpr char kGroupToken[] =
    "SharedAccessSignature sr=0ne000DEMO1%2Fregistrations%2Fsn-0001"
    "&sig=yQVNXV9F8UbKcAXquG4FCptLG8O18NQpoFCQXyr4884%3D&se=1893456000&skn=registration";
constexpr char kUserName[] =
    "0ne000DEMO1/registrations/sn-0001/api-version=2019-03-31&ClientVersion=sluice%2F1.0.0";
const std::string kAccepted("\x20\x02\x00\x00", 4);
const std::string kUnauthorized5("\x20\x02\x00\x05", 4);

class DpsTest : public testing::Test {
 protected:
  explicit DpsTest(const char* config = kConfig)
      : dps_(hub_.hub(), DpsConfig::Parse(config).value()) {
    hub_.hub().set_dps(&dps_);
  }

  std::string ConnectTo(TestClient& client, std::string_view id, std::string_view user_name,
                        std::string_view password) {
    mqtt::ConnectView connect;
    connect.client_id = id;
    connect.user_name = user_name;
    if (!password.empty()) connect.password = password;
    return client.Send(Connect(connect));
  }
  // By a certificate whose CN is `id`.
  std::unique_ptr<TestClient> ByCertificate(const std::string& id) {
    auto client = std::make_unique<TestClient>(hub_, CaSigned(id));
    client->connack =
        ConnectTo(*client, id, "0ne000DEMO1/registrations/" + id + "/api-version=2019-03-31", "");
    client->Send(Subscribe(1, {{"$dps/registrations/res/#", 1}}));
    return client;
  }
  Received Ask(TestClient& client, const std::string& topic, const std::string& body = "") {
    const auto received = PublishesIn(client.Send(Publish(topic, body)));
    return received.empty() ? Received() : received[0];
  }
  Received Register(TestClient& client, const std::string& id) {
    return Ask(client, "$dps/registrations/PUT/iotdps-register/?$rid=r1",
               Json({{"registrationId", id}}).dump());
  }
  Received Poll(TestClient& client, const Received& answer) {
    return Ask(client, "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=r2&operationId=" +
                           Json::parse(answer.payload)["operationId"].get<std::string>());
  }

  TestHub hub_;
  Dps dps_;
};

class DpsGroupTest : public DpsTest {
 protected:
  DpsGroupTest() : DpsTest(kGroupConfig) {}
};

TEST_F(DpsTest, AnIndividualKeyIsAssigned) {
  TestClient client(hub_, PeerCertificate());
  ASSERT_EQ(ConnectTo(client, "sn-0001", kUserName, kIndividualToken), kAccepted);
  EXPECT_EQ(client.Send(Subscribe(1, {{"$dps/registrations/res/#", 1}})),
            std::string("\x90\x03\x00\x01\x01", 5));
  const Received begun = Register(client, "SN-0001");
  EXPECT_EQ(begun.topic, "$dps/registrations/res/202/?$rid=r1&retry-after=3");
  EXPECT_EQ(Json::parse(begun.payload)["status"], "assigning");
  const Received waiting = Poll(client, begun);
  EXPECT_EQ(waiting.topic, "$dps/registrations/res/202/?$rid=r2&retry-after=3");
  EXPECT_EQ(hub_.hub().registry().FindClient("sn-0001"), nullptr);
  const Received done = Poll(client, begun);
  EXPECT_EQ(done.topic, "$dps/registrations/res/200/?$rid=r2");
  const Json result = Json::parse(done.payload);
  EXPECT_EQ(result["status"], "assigned");
  EXPECT_EQ(result["registrationState"]["assignedHub"], "sluice-demo.azure-devices.net");
  EXPECT_EQ(result["registrationState"]["deviceId"], "sn-0001");
  EXPECT_EQ(result["registrationState"]["substatus"], "initialAssignment");
  EXPECT_FALSE(result["registrationState"].contains("symmetricKey"));
  const Device* device = hub_.hub().registry().FindClient("sn-0001");
  ASSERT_NE(device, nullptr);
  EXPECT_EQ(device->keys.size(), 1u);
  // Again: as after a refusal at the hub.
  EXPECT_TRUE(hub_.hub().Unprovision("sn-0001"));
  EXPECT_EQ(hub_.hub().registry().FindClient("sn-0001"), nullptr);
  hub_.clock.Advance(10 * kSecond);
  const Received again = Register(client, "sn-0001");
  Poll(client, again);
  EXPECT_THAT(Poll(client, again).payload, HasSubstr("deviceDataMigrated"));
  EXPECT_NE(hub_.hub().registry().FindClient("sn-0001"), nullptr);
}

TEST_F(DpsGroupTest, AGroupsKeyIsDerived) {
  std::string derived;
  json::AppendBase64(DeriveKey(DpsConfig::Parse(kGroupConfig)->groups[0].keys[0], "sn-0001"),
                     &derived);
  EXPECT_EQ(derived, "4LBSCQGWPBkzZxARSCV8c/VaenaMqNf+8Tt2HRRWcug=");
  TestClient client(hub_, PeerCertificate());
  ASSERT_EQ(ConnectTo(client, "sn-0001", kUserName, kGroupToken), kAccepted);
  client.Send(Subscribe(1, {{"$dps/registrations/res/#", 0}}));
  const Received begun = Register(client, "sn-0001");
  EXPECT_EQ(begun.topic, "$dps/registrations/res/202/?$rid=r1");  // no retry-after
  EXPECT_EQ(begun.qos, 0);
  const Json result = Json::parse(Poll(client, begun).payload);
  EXPECT_EQ(result["registrationState"]["symmetricKey"]["enrollmentGroupId"], "line-7");
  std::string key;
  json::AppendBase64(hub_.hub().registry().FindClient("sn-0001")->keys[0], &key);
  EXPECT_EQ(key, derived);
}

TEST_F(DpsTest, CertificatesOfAThumbprintAndOfAGroup) {
  auto client = ByCertificate("printed-by");
  ASSERT_EQ(client->connack, kAccepted);
  Received begun = Register(*client, "printed-by");
  Poll(*client, begun);
  Json state = Json::parse(Poll(*client, begun).payload)["registrationState"];
  EXPECT_EQ(state["deviceId"], "press-7");
  EXPECT_EQ(state["payload"], Json({{"line", 7}}));
  EXPECT_EQ(state["x509"]["certificateInfo"]["sha1Thumbprint"], std::string(40, '1'));
  EXPECT_FALSE(state["x509"].contains("enrollmentGroupId"));

  client = ByCertificate("anyone");
  ASSERT_EQ(client->connack, kAccepted);
  begun = Register(*client, "anyone");
  Poll(*client, begun);
  state = Json::parse(Poll(*client, begun).payload)["registrationState"];
  EXPECT_EQ(state["x509"]["enrollmentGroupId"], "line-7");
  // With the same certificate into the hub.
  TestClient device(hub_, "anyone");
  EXPECT_EQ(device.connack, kAccepted);
}

TEST_F(DpsTest, RefusedAtConnect) {
  const std::string other_id = "0ne000DEMO1/registrations/sn-0002/api-version=2019-03-31";
  const struct {
    const char* what;
    std::string id;
    std::string user_name;
    std::string password;
    char code;
    const char* logged;
  } kCases[] = {
      {"wrong key", "sn-0001", kUserName, kGroupToken, 5, "no enrolment with such a key"},
      {"no skn", "sn-0001", kUserName,
       std::string(kIndividualToken).substr(0, std::string(kIndividualToken).find("&skn")), 5,
       "want skn=registration"},
      {"another's token", "sn-0002", other_id, kIndividualToken, 5, "token for"},
      {"another scope", "sn-0001", "0ne000DEMO2/registrations/sn-0001/api-version=2019-03-31",
       kIndividualToken, 5, "id scope"},
      {"another client id", "sn-0002", kUserName, kIndividualToken, 2, "ClientIdRejected"},
      {"no registration id", "-a", "0ne000DEMO1/registrations/-a/api-version=2019-03-31", "x", 4,
       "no valid registration id"},
      {"nothing to show", "sn-0001", kUserName, "", 5, "neither"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.what);
    TestClient client(hub_, PeerCertificate());
    EXPECT_EQ(ConnectTo(client, c.id, c.user_name, c.password),
              std::string("\x20\x02\x00", 3) + c.code);
    EXPECT_TRUE(client.closed());
    EXPECT_TRUE(hub_.Logged(c.logged));
  }
  hub_.clock.unix_us = 1893456000 * kSecond;
  TestClient late(hub_, PeerCertificate());
  EXPECT_EQ(ConnectTo(late, "sn-0001", kUserName, kIndividualToken), kUnauthorized5);
  EXPECT_TRUE(hub_.Logged("token expired"));
  // A certificate of another name, and one of a key's enrolment.
  TestClient other(hub_, CaSigned("someone"));
  EXPECT_EQ(ConnectTo(other, "sn-0002", other_id, ""), kUnauthorized5);
  EXPECT_EQ(ByCertificate("sn-0001")->connack, kUnauthorized5);
}

TEST_F(DpsTest, FailuresAndDisabledEnrolmentsAreResults) {
  for (const auto& [id, status] : {std::pair("full", "failed"), std::pair("idle", "disabled")}) {
    auto client = ByCertificate(id);
    const Received begun = Register(*client, id);
    Poll(*client, begun);
    const Received done = Poll(*client, begun);
    EXPECT_EQ(done.topic, "$dps/registrations/res/200/?$rid=r2");
    const Json result = Json::parse(done.payload);
    EXPECT_EQ(result["status"], status);
    EXPECT_EQ(result["registrationState"].contains("errorCode"), status == std::string("failed"));
    EXPECT_FALSE(result["registrationState"].contains("assignedHub"));
    EXPECT_EQ(hub_.hub().registry().FindClient(id), nullptr);
  }
}

TEST_F(DpsTest, RequestsThatAreRefused) {
  auto client = ByCertificate("anyone");
  EXPECT_THAT(Register(*client, "someone").topic, HasSubstr("/res/400/"));
  EXPECT_THAT(Ask(*client, "$dps/registrations/PUT/iotdps-register/?$rid=1", "{").topic,
              HasSubstr("/res/400/"));
  const std::string poll = "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1&operationId=";
  const Received unknown = Ask(*client, poll + "4.x");
  EXPECT_THAT(unknown.topic, HasSubstr("/res/404/"));
  EXPECT_TRUE(Json::parse(unknown.payload).contains("trackingId"));
  const Received begun = Register(*client, "anyone");
  for (int i = 0; i < 5; ++i) EXPECT_THAT(Poll(*client, begun).topic, HasSubstr("/res/20"));
  EXPECT_EQ(Poll(*client, begun).topic, "$dps/registrations/res/429/?$rid=r2&retry-after=2");
  hub_.clock.Advance(2 * kSecond);
  EXPECT_THAT(Poll(*client, begun).topic, HasSubstr("/res/200/"));
}

TEST_F(DpsTest, ClosesOnWhatIsNotItsOwn) {
  for (const char* topic :
       {"devices/anyone/messages/events/", "$iothub/twin/GET/?$rid=1",
        "$dps/registrations/PUT/iotdps-register/", "$dps/registrations/PUT/iotdps-register/?$rid=",
        "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=1"}) {
    auto client = ByCertificate("anyone");
    client->Send(Publish(topic, "{}"));
    EXPECT_TRUE(client->closed()) << topic;
  }
  auto client = ByCertificate("anyone");
  EXPECT_EQ(client->Send(Subscribe(1, {{"$iothub/twin/res/#", 0}})),
            std::string("\x90\x03\x00\x01\x80", 5));
  client->Send(
      Publish("$dps/registrations/PUT/iotdps-register/?$rid=1", std::string((96 << 10) + 1, ' ')));
  EXPECT_TRUE(hub_.Logged("MessageTooLarge"));
}

TEST_F(DpsTest, IdentitiesOutliveARereadOfTheFile) {
  auto client = ByCertificate("anyone");
  const Received begun = Register(*client, "anyone");
  Poll(*client, begun);
  Poll(*client, begun);
  TestClient device(hub_, "anyone");
  hub_.hub().SetRegistry(Registry::Parse(kIdentities).value());
  EXPECT_FALSE(device.closed());
  EXPECT_EQ(AskControl(hub_.hub(), R"({"op":"dps","kind":"forget","device":"anyone"})"),
            R"({"ok":true})");
  EXPECT_TRUE(device.closed());
  EXPECT_EQ(TestClient(hub_, "anyone").connack, kUnauthorized5);
}

TEST_F(DpsTest, DoorsKeepHubAndDpsApart) {
  for (const auto door : {Conversation::Door::kHub, Conversation::Door::kDps}) {
    Conversation conversation(
        hub_.hub(), CaSigned("x1"), "test", [] {}, door);
    const bool hub_door = door == Conversation::Door::kHub;
    const std::string user_name =
        hub_door ? "0ne000DEMO1/registrations/x1/api-version=2019-03-31" : UserNameOf("x1");
    mqtt::ConnectView connect;
    connect.client_id = "x1";
    connect.user_name = user_name;
    conversation.Receive(Connect(connect));
    EXPECT_EQ(*conversation.output(), std::string("\x20\x02\x00\x04", 4)) << hub_door;
  }
}

TEST(DpsConfigTest, SaysWhatIsWrong) {
  const struct {
    const char* json;
    const char* error;
  } kCases[] = {
      {"", "want a JSON object"},
      {"{}", "idScope: is missing"},
      {R"({"idScope":"s","enrollments":[{"registrationId":"a-","primaryKey":"AAAA"}]})",
       "enrollments[0].registrationId"},
      {R"({"idScope":"s","enrollments":[{"registrationId":"a","primaryKey":"AAAA"}]})",
       "16 to 64 bytes"},
      {R"({"idScope":"s","enrollments":[{"registrationId":"a"}]})", "want either"},
      {R"({"idScope":"s","groups":[{"groupId":"g"}]})", "groups[0].: want either"},
      {R"({"idScope":"s","groups":[{"caSigned":true}]})", "groupId: is missing"},
      {R"({"idScope":"s","retryAfterSeconds":-1})", "retryAfterSeconds: want a number"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(std::string(DpsConfig::Parse(c.json).status().message()), HasSubstr(c.error))
        << c.json;
  }
}

}  // namespace
}  // namespace sluice::devhub
