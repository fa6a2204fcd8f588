// The client against devhub's workload API, and against answers that no runtime would give.
#include "edge/workload_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "filters/json/base64.h"
#include "gateway/tls/issue.h"
#include "gateway/tls/pem.h"
#include "tests/devhub/test_hub.h"
#include "tests/devhub/workload.h"

namespace sluice::edge {
namespace {

using devhub::TemporaryFolder;
using devhub::TestHub;
using testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kEdge[] = R"({
  "hostName": "sluice-demo.azure-devices.net",
  "edgeHub": {"deviceId": "edge-01", "gatewayHostName": "edge-01.lan"},
  "devices": [{"deviceId": "edge-01", "moduleId": "sluice", "primaryKey": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="}]})";

// Answers in place of a socket.
class FakeTransport final : public Transport {
 public:
  explicit FakeTransport(std::function<absl::StatusOr<HttpResponse>(const HttpRequest&)> answer)
      : answer_(std::move(answer)) {}
  absl::StatusOr<HttpResponse> Exchange(const HttpRequest& request) override {
    return answer_(request);
  }
  void Cancel() override {}

 private:
  std::function<absl::StatusOr<HttpResponse>(const HttpRequest&)> answer_;
};

class DevhubWorkloadTest : public testing::Test {
 protected:
  DevhubWorkloadTest() {
    tls::CertificateSpec spec;
    spec.use = tls::CertificateSpec::Use::kCa;
    spec.common_names = {"edge CA"};
    spec.not_before = 1'700'000'000;
    spec.not_after = 1'900'000'000;
    const auto ca = tls::Issue(spec, nullptr);
    ca_pem_ = ca->CertificatePem();
    const std::string file = folder_.File("ca.crt");
    if (!tls::WriteCredential(*ca, file, folder_.File("ca.key")).ok()) std::abort();
    workload_ = std::make_unique<devhub::Workload>(hub_.hub(), file.substr(0, file.rfind('/')));
  }

  HttpResponse Serve(const HttpRequest& request) {
    const std::string bytes = FormatRequest(request);
    devhub::HttpRequest parsed;
    EXPECT_EQ(devhub::ParseHttp(bytes, &parsed), bytes.size());
    return **ParseResponse(workload_->Answer(parsed), true);
  }

  TestHub hub_{kEdge};
  TemporaryFolder folder_;
  std::string ca_pem_;
  std::unique_ptr<devhub::Workload> workload_;
  FakeTransport transport_{[this](const HttpRequest& request) { return Serve(request); }};
  WorkloadClient client_{"sluice", devhub::GenerationId({"edge-01", "sluice"}), transport_};
};

TEST_F(DevhubWorkloadTest, SignsTheSheetsExample) {
  const auto digest = client_.Sign(
      "sluice-demo.azure-devices.net%2Fdevices%2Fedge-01%2Fmodules%2Fsluice\n1893456000");
  ASSERT_TRUE(digest.ok()) << digest.status();
  EXPECT_EQ(*digest, "oZ+vATn+QgaA6lQAO5xpE5buDl84fe6LdOI5nhH5PRU=");
}

TEST_F(DevhubWorkloadTest, GetsTheTrustBundle) {
  const auto bundle = client_.TrustBundle();
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(*bundle, ca_pem_);
}

TEST_F(DevhubWorkloadTest, GetsAServerCertificateWithItsKey) {
  const auto made = client_.IssueServerCertificate("edge-01.lan", 1'900'000'000);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->not_after, 1'800'000'000 + 90 * 86'400);  // 90 days, whatever was asked
  EXPECT_THAT(made->chain, testing::EndsWith(ca_pem_));
  EXPECT_TRUE(tls::ReadKey({"key", made->key}).ok());
}

TEST_F(DevhubWorkloadTest, OthersAreNotServed) {
  WorkloadClient other("nobody", "1", transport_);
  EXPECT_TRUE(absl::IsNotFound(other.Sign("x").status()));
}

// --- Any answer.

struct Asked {
  std::string target;
  absl::Status status;
};

Asked AskForAll(const HttpResponse& response, std::string_view what) {
  Asked asked;
  FakeTransport transport([&](const HttpRequest& request) {
    asked.target = request.target;
    return response;
  });
  WorkloadClient client("my module", "1", transport);
  if (what == "sign") asked.status = client.Sign("x").status();
  if (what == "trust") asked.status = client.TrustBundle().status();
  if (what == "certificate") asked.status = client.IssueServerCertificate("h", 1).status();
  return asked;
}

TEST(WorkloadClientTest, PercentEncodesIds) {
  EXPECT_EQ(AskForAll({200, "{}"}, "sign").target,
            "/modules/my%20module/genid/1/sign?api-version=2018-06-28");
  EXPECT_EQ(AskForAll({200, "{}"}, "trust").target, "/trust-bundle?api-version=2018-06-28");
}

TEST(WorkloadClientTest, ErrorsSayWhatAndWhatToDo) {
  const struct {
    HttpResponse response;
    absl::StatusCode code;
    const char* says;
  } kCases[] = {
      {{403, R"({"message":"wrong pid"})"}, absl::StatusCode::kPermissionDenied, "403 wrong pid"},
      {{403, ""}, absl::StatusCode::kPermissionDenied, "own container"},
      {{404, "{}"}, absl::StatusCode::kNotFound, "restart the module"},
      {{500, "<html>"}, absl::StatusCode::kUnavailable, "500"},
      {{503, R"({"message":["x"]})"}, absl::StatusCode::kUnavailable, "503"},
      {{400, R"({"message":"bad"})"}, absl::StatusCode::kInternal, "400 bad"},
      {{302, ""}, absl::StatusCode::kInternal, "302"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.response.status);
    const absl::Status status = AskForAll(c.response, "sign").status;
    EXPECT_EQ(status.code(), c.code);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.says));
    EXPECT_THAT(std::string(status.message()), HasSubstr("/sign"));
  }
  const std::string endless = Json({{"message", std::string(100'000, 'x')}}).dump();
  EXPECT_LT(AskForAll({500, endless}, "sign").status.message().size(), 400u);
}

TEST(WorkloadClientTest, RefusesHostileAnswers) {
  const std::string deep(100'000, '[');
  const struct {
    const char* what;
    std::string body;
  } kCases[] = {
      {"sign", ""},
      {"sign", "null"},
      {"sign", "[]"},
      {"sign", deep},
      {"sign", R"({"digest":7})"},
      {"sign", R"({"digest":""})"},
      {"sign", R"({"digest":"oZ+vATn+QgaA6lQAO5xpEw=="})"},  // 16 bytes
      {"sign", R"({"digest":"&se=0 HTTP"})"},                // no base64
      {"trust", R"({"certificate":""})"},
      {"trust",
       R"({"certificate":"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"})"},
      {"trust", R"({"certificate":"AAAA"})"},
      {"trust", R"({"certificate":null})"},
      {"certificate", "{}"},
      {"certificate", R"({"privateKey":{"type":"ref","ref":"x"},"certificate":"x"})"},
      {"certificate", R"({"privateKey":{"type":"key","bytes":"-----BEGIN"},"certificate":"x"})"},
      {"certificate", R"({"privateKey":"x","certificate":"x"})"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(std::string(c.what) + " " + c.body.substr(0, 80));
    const int status = std::string_view(c.what) == "certificate" ? 201 : 200;
    EXPECT_FALSE(AskForAll({status, c.body}, c.what).status.ok());
  }
}

class CertificateAnswerTest : public testing::Test {
 protected:
  static tls::Credential Make(const char* name) {
    tls::CertificateSpec spec;
    spec.common_names = {name};
    spec.not_before = 1'700'000'000;
    spec.not_after = 1'900'000'000;
    return *tls::Issue(spec, nullptr);
  }
  static absl::StatusOr<ServerCertificate> Ask(const std::string& key, const std::string& chain) {
    FakeTransport transport([&](const HttpRequest&) {
      return HttpResponse{
          201,
          Json({{"privateKey", {{"type", "key"}, {"bytes", key}}}, {"certificate", chain}}).dump()};
    });
    WorkloadClient client("m", "1", transport);
    return client.IssueServerCertificate("h", 1);
  }
  static std::string Base64(const std::string& bytes) {
    std::string text;
    json::AppendBase64(bytes, &text);
    return text;
  }
};

TEST_F(CertificateAnswerTest, PemAndBase64AreBothTaken) {
  const tls::Credential made = Make("a");
  const auto plain = Ask(made.KeyPem(), made.CertificatePem());
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(plain->not_after, 1'900'000'000);
  const auto encoded = Ask(Base64(made.KeyPem()), Base64(made.CertificatePem()));
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  EXPECT_EQ(encoded->key, plain->key);
  EXPECT_EQ(encoded->chain, plain->chain);
}

TEST_F(CertificateAnswerTest, AnothersKeyIsRefusedWithoutBeingShown) {
  const tls::Credential other = Make("b");
  const auto made = Ask(other.KeyPem(), Make("a").CertificatePem());
  EXPECT_THAT(std::string(made.status().message()), HasSubstr("not the certificate's"));
  EXPECT_THAT(std::string(made.status().message()), testing::Not(HasSubstr("PRIVATE")));
}

}  // namespace
}  // namespace sluice::edge
