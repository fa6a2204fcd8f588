// edgeHub's dialect and the workload API (edge-module.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <nlohmann/json.hpp>

#include "gateway/tls/issue.h"
#include "tests/devhub/test_hub.h"
#include "tests/devhub/workload.h"

namespace sluice::devhub {
namespace {

using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

constexpr int64_t kSecond = 1'000'000;
// edge-01/sluice has the key of the sheet's worked example.
constexpr char kEdge[] = R"({
  "hostName": "sluice-demo.azure-devices.net", "tier": "B1", "enforceLimits": true,
  "edgeHub": {"deviceId": "edge-01", "gatewayHostName": "edge-01.lan"},
  "devices": [
    {"deviceId": "edge-01", "moduleId": "sluice", "primaryKey": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="},
    {"deviceId": "edge-01", "moduleId": "x", "caSigned": true},
    {"deviceId": "leaf", "caSigned": true},
    {"deviceId": "leaf", "moduleId": "x", "caSigned": true}]})";
constexpr char kModuleToken[] =
    "SharedAccessSignature sr=sluice-demo.azure-devices.net%2Fdevices%2Fedge-01%2Fmodules%2Fsluice"
    "&sig=oZ%2BvATn%2BQgaA6lQAO5xpE5buDl84fe6LdOI5nhH5PRU%3D&se=1893456000";
const std::string kAccepted("\x20\x02\x00\x00", 4);

TEST(EdgeHubTest, TakesTheSheetsModule) {
  TestHub hub(kEdge);
  TestClient client(hub, PeerCertificate());
  mqtt::ConnectView connect;
  connect.client_id = "edge-01/sluice";
  connect.user_name = "whatever/edge-01/sluice/?api-version=2021-04-12";  // the host is ignored
  connect.password = kModuleToken;
  ASSERT_EQ(client.Send(Connect(connect)), kAccepted);
  EXPECT_EQ(client.Send(Publish("devices/edge-01/modules/sluice/messages/events/%24.on=accepted"
                                "&%24.ct=application%2Fjson&%24.ce=utf-8&origin-device=pump-17",
                                "{}")),
            Puback(1));
  const Json line = Json::parse(hub.StoredLines());
  EXPECT_EQ(line["module"], "sluice");
  EXPECT_EQ(line["systemProperties"]["outputName"], "accepted");
  EXPECT_EQ(line["properties"], Json({{"origin-device", "pump-17"}}));
}

TEST(EdgeHubTest, TelemetryTopicsAreForgiven) {
  const struct {
    const char* topic;
    bool at_edge;
    bool at_hub;
  } kCases[] = {
      {"devices/leaf/messages/events", true, false},
      {"devices/leaf/messages/events/", true, true},
      {"devices/leaf/messages/events/a=b", true, true},
      {"devices/leaf/messages/events/a=b/", true, false},
      {"devices/leaf/messages/events/a=b//", false, false},
      {"devices/leaf/messages/eventsX", false, false},
      {"devices/leaf/messages/events/a/b", false, false},
      {"telemetry", false, false},
  };
  constexpr char kHub[] = R"({"hostName": "sluice-demo.azure-devices.net",
                              "devices": [{"deviceId": "leaf", "caSigned": true}]})";
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.topic);
    TestHub edge(kEdge);
    EXPECT_EQ(TestClient(edge, "leaf").Send(Publish(c.topic, "x")) == Puback(1), c.at_edge);
    TestHub hub(kHub);
    EXPECT_EQ(TestClient(hub, "leaf").Send(Publish(c.topic, "x")) == Puback(1), c.at_hub);
  }
}

TEST(EdgeHubTest, UnknownSubscriptionsAreIgnored) {
  TestHub hub(kEdge);
  TestClient client(hub, "edge-01/x");
  EXPECT_EQ(client.Send(Subscribe(1, {{"plant/#", 1}})), std::string("\x90\x03\x00\x01\x01", 5));
  EXPECT_TRUE(hub.Logged("SubscriptionIgnored"));
}

TEST(EdgeHubTest, InputsArriveAndAreSentAgainAfterHalfAMinute) {
  TestHub hub(kEdge);
  TestClient client(hub, "edge-01/x");
  client.Send(Subscribe(1, {{"devices/edge-01/modules/x/#", 1}}));
  const char* send = R"({"op":"c2d","device":"edge-01/x","input":"in1","payload":{"a":1},
                         "from":"leaf/mod","messageId":"m1","properties":{"site":"north"}})";
  EXPECT_THAT(AskControl(hub.hub(), send), HasSubstr("\"ok\":true"));
  auto received = PublishesIn(client.Hear());
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].topic,
            "devices/edge-01/modules/x/inputs/in1/"
            "%24.mid=m1&site=north&%24.cdid=leaf&%24.cmid=mod");
  hub.clock.Advance(30 * kSecond);
  received = PublishesIn(client.Tick());
  ASSERT_EQ(received.size(), 1u);
  client.Send(Puback(received[0].packet_id));
  hub.clock.Advance(30 * kSecond);
  EXPECT_EQ(PublishesIn(client.Tick()).size(), 0u);
  // 16 unacknowledged ones at most.
  for (int i = 0; i < 20; ++i) AskControl(hub.hub(), send);
  received = PublishesIn(client.Hear());
  EXPECT_EQ(received.size(), 16u);
  EXPECT_EQ(PublishesIn(client.Send(Puback(received[3].packet_id))).size(), 1u);
}

TEST(EdgeHubTest, InputsHaveASecondFilter) {
  TestHub hub(kEdge);
  TestClient client(hub, "edge-01/x");
  client.Send(Subscribe(1, {{"devices/edge-01/modules/x/inputs/#", 0}}));
  AskControl(hub.hub(), R"({"op":"c2d","device":"edge-01/x","input":"in1","payload":"a"})");
  EXPECT_EQ(PublishesIn(client.Hear()).size(), 1u);
  TestHub strict;  // the hub itself knows the documented form alone
  EXPECT_EQ(TestClient(strict, "edge-01/x")
                .Send(Subscribe(1, {{"devices/edge-01/modules/x/inputs/#", 0}})),
            std::string("\x90\x03\x00\x01\x80", 5));
}

TEST(EdgeHubTest, TwinsAndMethodsAreThereWhateverTheTier) {
  TestHub hub(kEdge);
  TestClient client(hub, "edge-01/x");
  client.Send(Subscribe(1, {{"$iothub/twin/res/#", 0}}));
  EXPECT_EQ(PublishesIn(client.Send(Publish("$iothub/twin/GET/?$rid=1", "", 0))).size(), 1u);
  EXPECT_THAT(AskControl(hub.hub(), R"({"op":"c2d","device":"edge-01/x","payload":"a"})"),
              HasSubstr("NotAllowedForModules"));
}

TEST(EdgeHubTest, NoLimitsOfTheTier) {
  TestHub hub(kEdge);
  TestClient client(hub, "leaf");
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(client.Send(Publish("devices/leaf/messages/events/", "x")), Puback(1)) << i;
  }
}

TEST(EdgeHubTest, KeepAliveIsCappedAt10Minutes) {
  TestHub hub(kEdge);
  TestClient client(hub, "leaf", true, 1177);
  hub.clock.Advance(900 * kSecond);
  client.Tick();
  EXPECT_TRUE(client.closed());
}

TEST(EdgeHubTest, AModuleOfADownstreamDeviceNeedsAKey) {
  TestHub hub(kEdge);
  EXPECT_EQ(TestClient(hub, "leaf/x").connack, std::string("\x20\x02\x00\x05", 4));
  EXPECT_EQ(TestClient(hub, "edge-01/x").connack, kAccepted);
}

TEST(EdgeHubTest, Admits100Clients) {
  Json config = Json::parse(kEdge);
  for (int i = 0; i < 101; ++i) {
    config["devices"].push_back({{"deviceId", "d" + std::to_string(i)}, {"caSigned", true}});
  }
  TestHub hub(config.dump());
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 101; ++i) {
    clients.push_back(std::make_unique<TestClient>(hub, "d" + std::to_string(i)));
    EXPECT_EQ(clients.back()->connack, std::string("\x20\x02\x00", 3) + (i < 100 ? '\0' : '\3'));
  }
  EXPECT_EQ(TestClient(hub, "d7").connack, kAccepted);  // in its own place
}

// --- The workload API.

class WorkloadTest : public testing::Test {
 protected:
  WorkloadTest() {
    tls::CertificateSpec spec;
    spec.use = tls::CertificateSpec::Use::kCa;
    spec.common_names = {"ca"};
    spec.not_before = 1'700'000'000;
    spec.not_after = 1'900'000'000;
    const auto ca = tls::Issue(spec, nullptr);
    certificate_ = ca->CertificatePem();
    const std::string file = folder_.File("ca.crt");
    path_ = file.substr(0, file.rfind('/'));
    if (!tls::WriteCredential(*ca, file, folder_.File("ca.key")).ok()) std::abort();
    workload_ = std::make_unique<Workload>(hub_.hub(), path_);
  }

  // The status and the body.
  std::pair<int, Json> Ask(std::string_view method, std::string_view target,
                           std::string_view body = "") {
    const std::string text = std::string(method) + " " + std::string(target) +
                             " HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) +
                             "\r\n\r\n" + std::string(body);
    HttpRequest request;
    EXPECT_EQ(ParseHttp(text, &request), text.size());
    const std::string answer = workload_->Answer(request);
    return {std::stoi(answer.substr(9, 3)), Json::parse(answer.substr(answer.find("\r\n\r\n")))};
  }
  std::string Target(const std::string& operation) {
    return "/modules/sluice/genid/" + GenerationId({"edge-01", "sluice"}) + "/" + operation +
           "?api-version=2018-06-28";
  }

  TestHub hub_{kEdge};
  TemporaryFolder folder_;
  std::string path_;
  std::string certificate_;
  std::unique_ptr<Workload> workload_;
};

constexpr char kSign[] =
    R"({"keyId":"primary","algo":"HMACSHA256","data":"c2x1aWNlLWRlbW8uYXp1cmUtZGV2aWNlcy5uZXQlMkZkZXZpY2VzJTJGZWRnZS0wMSUyRm1vZHVsZXMlMkZzbHVpY2UKMTg5MzQ1NjAwMA=="})";

TEST_F(WorkloadTest, SignsTheSheetsExample) {
  const auto [status, answer] = Ask("POST", Target("sign"), kSign);
  EXPECT_EQ(status, 200);
  EXPECT_EQ(answer, Json({{"digest", "oZ+vATn+QgaA6lQAO5xpE5buDl84fe6LdOI5nhH5PRU="}}));
}

TEST_F(WorkloadTest, IssuesServerCertificates) {
  for (const char* name : {"edge-01.lan", "192.0.2.7"}) {
    const auto [status, answer] =
        Ask("POST", Target("certificate/server"),
            Json({{"commonName", name}, {"expiration", "2026-12-31T00:00:00Z"}}).dump());
    EXPECT_EQ(status, 201);
    EXPECT_EQ(answer["privateKey"]["type"], "key");
    EXPECT_EQ(answer["expiration"], "2027-04-15T08:00:00+00:00");  // 90 days, whatever was asked
    const std::string chain = answer["certificate"];
    EXPECT_THAT(chain, testing::EndsWith(certificate_));
    const tls::BioPtr bio(BIO_new_mem_buf(chain.data(), static_cast<int>(chain.size())));
    const tls::X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    ASSERT_NE(leaf, nullptr);
    EXPECT_EQ(X509_check_host(leaf.get(), "sluice", 0, 0, nullptr), 1);
    const bool is_address = name[0] == '1';
    EXPECT_EQ(is_address ? X509_check_ip_asc(leaf.get(), name, 0)
                         : X509_check_host(leaf.get(), name, 0, 0, nullptr),
              1);
  }
}

TEST_F(WorkloadTest, GivesTheTrustBundleAndLists) {
  EXPECT_EQ(Ask("GET", "/trust-bundle?api-version=2022-08-03").second["certificate"], certificate_);
  EXPECT_EQ(Ask("GET", "/manifest-trust-bundle?api-version=2022-08-03").second["certificate"], "");
  const Json modules = Ask("GET", "/modules?api-version=2022-08-03").second["modules"];
  ASSERT_EQ(modules.size(), 2u);
  EXPECT_EQ(modules[0]["name"], "sluice");
  EXPECT_EQ(Ask("POST", "/modules/sluice/certificate/identity?api-version=2022-08-03", "{}").first,
            201);
}

TEST_F(WorkloadTest, RefusesWhatTheDaemonRefuses) {
  const std::string version = "?api-version=2018-06-28";
  const struct {
    const char* method;
    std::string target;
    std::string body;
    int status;
  } kCases[] = {
      {"GET", "/trust-bundle", "", 400},
      {"GET", "/trust-bundle?api-version=2017-01-01", "", 400},
      {"POST", "/trust-bundle" + version, "", 404},
      {"GET", "/" + version, "", 404},
      {"POST", "/modules" + version, "", 404},
      {"POST", "/modules/sluice/genid" + version, "", 404},
      {"POST", "/modules/sluice/genid/1/sign" + version, kSign, 404},
      {"POST", "/modules/other/genid/1/sign" + version, kSign, 404},
      {"POST", "/modules/%zz/genid/1/sign" + version, kSign, 404},
      {"POST", "/modules//genid/1/sign" + version, kSign, 404},
      {"POST", Target("encrypt"), "{}", 404},
      {"POST", Target("sign"), "", 400},
      {"POST", Target("sign"), R"({"keyId":"primary","algo":"HMACSHA256","data":"?"})", 400},
      {"POST", Target("sign"), R"({"keyId":"third","algo":"HMACSHA256","data":"YQ=="})", 400},
      {"POST", Target("sign"), R"({"keyId":"secondary","algo":"HMACSHA256","data":"YQ=="})", 400},
      {"POST", Target("sign"), R"({"keyId":"primary","algo":"MD5","data":"YQ=="})", 400},
      {"POST", Target("certificate/server"), "[]", 400},
  };
  for (const auto& c : kCases) {
    const auto [status, answer] = Ask(c.method, c.target, c.body);
    EXPECT_EQ(status, c.status) << c.target << " " << c.body;
    EXPECT_TRUE(answer.contains("message"));
  }
}

TEST_F(WorkloadTest, FaultsStandForTheCheckOfTheProcess) {
  AskControl(hub_.hub(), R"({"op":"fault","kind":"workload","status":403,"count":1})");
  EXPECT_EQ(Ask("POST", Target("sign"), kSign).first, 403);
  EXPECT_EQ(Ask("POST", Target("sign"), kSign).first, 200);
}

TEST_F(WorkloadTest, TheEnvironmentOfAModule) {
  const Device* module = hub_.hub().registry().FindClient("edge-01/sluice");
  const std::string environment = workload_->Environment(*module, "edge-01.lan:8884");
  for (const char* line : {"IOTEDGE_DEVICEID=edge-01\n", "IOTEDGE_MODULEID=sluice\n",
                           "IOTEDGE_IOTHUBHOSTNAME=sluice-demo.azure-devices.net\n",
                           "IOTEDGE_GATEWAYHOSTNAME=edge-01.lan:8884\n",
                           "IOTEDGE_AUTHSCHEME=sasToken\n", "IOTEDGE_WORKLOADURI=unix:///tmp/"}) {
    EXPECT_THAT(environment, HasSubstr(line));
  }
  EXPECT_THAT(environment, Not(HasSubstr("ICEi")));
}

TEST_F(WorkloadTest, NoEdgeDeviceAnyMore) {
  hub_.hub().SetRegistry(Registry::Parse(kIdentities).value());
  EXPECT_EQ(Ask("POST", Target("sign"), kSign).first, 404);
}

}  // namespace
}  // namespace sluice::devhub
