#include "edge/certificate_renewal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/tls/issue.h"

namespace sluice::edge {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Json = nlohmann::json;

constexpr int64_t kStart = 1'800'000'000;
constexpr int64_t kDay = 86'400;

tls::Credential Make(tls::CertificateSpec::Use use, int64_t not_before, int64_t not_after) {
  tls::CertificateSpec spec;
  spec.use = use;
  spec.common_names = {"x"};
  spec.not_before = not_before;
  spec.not_after = not_after;
  return *tls::Issue(spec, nullptr);
}

// Issues certificates of `life_s_`, from `not_before_`.
class FakeRuntime final : public Transport {
 public:
  absl::StatusOr<HttpResponse> Exchange(const HttpRequest& request) override {
    if (!up_) return absl::UnavailableError("nobody there");
    if (request.method == "GET") return HttpResponse{200, Json({{"certificate", ca_}}).dump()};
    asked_.push_back(request.body);
    const tls::Credential made =
        Make(tls::CertificateSpec::Use::kServer, not_before_, not_before_ + life_s_);
    return HttpResponse{201, Json({{"privateKey", {{"type", "key"}, {"bytes", made.KeyPem()}}},
                                   {"certificate", made.CertificatePem()}})
                                 .dump()};
  }
  void Cancel() override {}
  void NewCa() {
    ca_ = Make(tls::CertificateSpec::Use::kCa, kStart, kStart + kDay).CertificatePem();
  }

  bool up_ = true;
  int64_t not_before_ = kStart;
  int64_t life_s_ = 90 * kDay;
  std::string ca_ = Make(tls::CertificateSpec::Use::kCa, kStart, kStart + kDay).CertificatePem();
  std::vector<std::string> asked_;
};

class CertificateRenewalTest : public testing::Test {
 protected:
  // One step `at` seconds after the start by both clocks; how long it wants to wait then.
  milliseconds StepAt(int64_t at) {
    const CertificateRenewal::TimePoint now{seconds(at)};
    return std::chrono::duration_cast<milliseconds>(
        renewal_.Step(now, std::chrono::system_clock::from_time_t(kStart + at)) - now);
  }

  FakeRuntime runtime_;
  WorkloadClient client_{"m", "1", runtime_};
  CertificateRenewal renewal_{{.common_name = "edge-01.lan"}, client_};
};

TEST_F(CertificateRenewalTest, AsksForTheNameThatDevicesDial) {
  StepAt(0);
  ASSERT_EQ(runtime_.asked_.size(), 1u);
  EXPECT_EQ(Json::parse(runtime_.asked_[0])["commonName"], "edge-01.lan");
  ASSERT_NE(renewal_.current(), nullptr);
  EXPECT_EQ(renewal_.current()->not_after, kStart + 90 * kDay);
}

TEST_F(CertificateRenewalTest, RenewsAtFourFifthsOfItsLife) {
  EXPECT_EQ(StepAt(0), hours(1));  // looks at the CAs in between
  const auto first = renewal_.current();
  EXPECT_EQ(StepAt(72 * kDay - 1), seconds(1));
  EXPECT_EQ(renewal_.current(), first);
  runtime_.not_before_ = kStart + 72 * kDay;
  StepAt(72 * kDay);
  EXPECT_NE(renewal_.current(), first);
  EXPECT_EQ(renewal_.current()->not_after, kStart + (72 + 90) * kDay);
}

TEST_F(CertificateRenewalTest, RenewsWhenTheCasChange) {
  StepAt(0);
  const auto first = renewal_.current();
  StepAt(3600);
  EXPECT_EQ(renewal_.current(), first);
  runtime_.NewCa();
  StepAt(7200);
  EXPECT_NE(renewal_.current(), first);
  EXPECT_EQ(runtime_.asked_.size(), 2u);
  StepAt(10'800);
  EXPECT_EQ(runtime_.asked_.size(), 2u);
}

TEST_F(CertificateRenewalTest, TriesAgainSlowerAndKeepsWhatItHas) {
  runtime_.up_ = false;
  for (const int64_t wait : {2, 4, 8, 16, 30, 30}) EXPECT_EQ(StepAt(0), seconds(wait));
  EXPECT_EQ(renewal_.current(), nullptr);
  runtime_.up_ = true;
  EXPECT_EQ(StepAt(0), hours(1));
  const auto first = renewal_.current();
  ASSERT_NE(first, nullptr);
  runtime_.up_ = false;
  EXPECT_EQ(StepAt(3600), hours(1));  // that the CAs cannot be asked for is no trouble yet
  EXPECT_EQ(StepAt(80 * kDay), seconds(2));
  EXPECT_EQ(StepAt(95 * kDay), seconds(4));
  EXPECT_EQ(renewal_.current(), first);
}

TEST_F(CertificateRenewalTest, WhatIsNotValidNowIsNotTaken) {
  runtime_.not_before_ = kStart + 3600;  // our clock is behind
  EXPECT_EQ(StepAt(0), seconds(2));
  EXPECT_EQ(renewal_.current(), nullptr);
  runtime_.not_before_ = kStart - 100 * kDay;  // it is long over
  EXPECT_EQ(StepAt(0), seconds(4));
  EXPECT_EQ(renewal_.current(), nullptr);
}

TEST_F(CertificateRenewalTest, AShortLifeDoesNotMakeItAskWithoutEnd) {
  runtime_.life_s_ = 1;
  EXPECT_EQ(StepAt(0), seconds(1));
}

TEST_F(CertificateRenewalTest, AClockThatIsSetForwardIsNoticed) {
  runtime_.not_before_ = 0;
  runtime_.life_s_ = kStart;
  renewal_.Step({}, std::chrono::system_clock::from_time_t(1000));  // 1970, still
  const auto first = renewal_.current();
  ASSERT_NE(first, nullptr);
  runtime_.not_before_ = kStart;
  runtime_.life_s_ = 90 * kDay;
  StepAt(3600);
  EXPECT_NE(renewal_.current(), first);
}

}  // namespace
}  // namespace sluice::edge
