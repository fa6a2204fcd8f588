#include "gateway/simulate/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "gateway/simulate/certificates.h"
#include "gateway/simulate/replay.h"
#include "tests/gateway/simulate/fake_broker.h"

namespace sluice::simulate {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;
using Verdict = FakeBroker::Verdict;

// A folder with a CA and a server's certificate, gone with the test.
class FleetTest : public testing::Test {
 protected:
  FleetTest() : dir_(testing::TempDir() + "/fleet_test_XXXXXX") {
    EXPECT_NE(mkdtemp(dir_.data()), nullptr);
    MakePki(dir_ + "/pki", {"127.0.0.1"});
  }
  ~FleetTest() override { std::filesystem::remove_all(dir_); }

  static void MakePki(const std::string& dir, const std::vector<std::string>& hosts) {
    const tls::Pki pki(dir, time(nullptr) - 60);
    EXPECT_TRUE(pki.Init("test CA").ok());
    EXPECT_TRUE(pki.AddServer(hosts).ok());
  }
  std::string pki_dir() const { return dir_ + "/pki"; }

  // `count` messages of each device, numbered, QoS 0, 1 and 2 by turns unless `qos` says which.
  static std::vector<DevicePlan> Plans(const std::vector<std::string>& names, int count,
                                       int qos = -1) {
    std::vector<DevicePlan> plans;
    for (const std::string& name : names) {
      std::vector<ScheduledPublish> messages;
      for (int i = 0; i < count; ++i) {
        const std::string topic = "plant/" + name;
        const std::string payload = std::to_string(i);
        Outgoing outgoing;
        outgoing.topic = topic;
        outgoing.payload = payload;
        outgoing.qos = static_cast<uint8_t>(qos < 0 ? i % 3 : qos);
        EXPECT_TRUE(Encode(outgoing, &messages.emplace_back().publish));
      }
      plans.push_back(
          {name, {}, std::make_unique<ReplaySource>(std::move(messages), false, std::nullopt)});
    }
    return plans;
  }

  void GiveCertificates(const std::string& dir, std::vector<DevicePlan>& plans) {
    std::vector<std::string> names;
    names.reserve(plans.size());
    for (const DevicePlan& plan : plans) names.push_back(plan.name);
    auto credentials = DeviceCredentials(dir, names, time(nullptr) - 60);
    ASSERT_TRUE(credentials.ok()) << credentials.status();
    for (size_t i = 0; i < plans.size(); ++i) plans[i].credential = std::move((*credentials)[i]);
  }

  Tally Run(const FakeBroker& broker, std::vector<DevicePlan> plans, FleetOptions options = {}) {
    GiveCertificates(pki_dir(), plans);
    const auto endpoint = ResolveEndpoint(broker.address());
    EXPECT_TRUE(endpoint.ok()) << endpoint.status();
    const auto tally =
        RunFleet(std::move(plans), *endpoint, pki_dir() + "/ca.crt", options, stop_, nullptr);
    EXPECT_TRUE(tally.ok()) << tally.status();
    return *tally;
  }

  // The numbers that a device was seen to send, repeats left out, in order of their first sight.
  static std::map<std::string, std::vector<int>> Numbers(const std::vector<SeenPublish>& seen) {
    std::map<std::string, std::vector<int>> numbers;
    for (const SeenPublish& publish : seen) {
      std::vector<int>& of_device = numbers[publish.identity];
      const int number = std::stoi(publish.payload);
      if (std::find(of_device.begin(), of_device.end(), number) == of_device.end())
        of_device.push_back(number);
    }
    return numbers;
  }

  static std::vector<int> UpTo(int count) {
    std::vector<int> numbers(static_cast<size_t>(count));
    std::iota(numbers.begin(), numbers.end(), 0);
    return numbers;
  }

  std::string dir_;
  std::atomic<bool> stop_{false};
};

TEST_F(FleetTest, DeliversEveryMessageOfEveryDeviceInOrderUnderItsOwnCertificate) {
  FakeBroker broker(pki_dir(), {});
  const Tally tally = Run(broker, Plans({"a", "b", "c", "d"}, 300));
  EXPECT_TRUE(Complete(tally));
  EXPECT_EQ(tally.sent, 1200u);
  EXPECT_EQ(tally.acknowledged, 800u);
  EXPECT_EQ(tally.reconnects, 0u);
  EXPECT_THAT(tally.lost_links, IsEmpty());
  const auto numbers = Numbers(broker.seen());
  ASSERT_THAT(numbers, SizeIs(4));
  EXPECT_THAT(numbers, Each(Pair(testing::_, UpTo(300))));
  for (const SeenPublish& publish : broker.seen()) {
    EXPECT_EQ(publish.topic, "plant/" + publish.identity);
    EXPECT_EQ(publish.qos, std::stoi(publish.payload) % 3);
    EXPECT_FALSE(publish.dup);
  }
  EXPECT_EQ(broker.goodbyes(), 4u);
}

TEST_F(FleetTest, SharesItsDevicesAmongThreads) {
  FakeBroker broker(pki_dir(), {});
  FleetOptions options;
  options.threads = 3;
  const Tally tally = Run(broker, Plans({"a", "b", "c", "d"}, 90), options);
  EXPECT_TRUE(Complete(tally));
  EXPECT_EQ(tally.sent, 360u);
  EXPECT_THAT(Numbers(broker.seen()), Each(Pair(testing::_, UpTo(90))));
}

TEST_F(FleetTest, ComesBackAfterALostLinkAndLosesNothingAcknowledgeable) {
  FakeBroker::Behaviour behaviour;
  behaviour.judge = [](const SeenPublish&, size_t number) {
    return number % 37 == 36 ? Verdict::kHangUp : Verdict::kAccept;
  };
  FakeBroker broker(pki_dir(), behaviour);
  FleetOptions options;
  options.window = 8;
  const Tally tally = Run(broker, Plans({"a", "b"}, 100, 1), options);
  EXPECT_TRUE(Complete(tally));
  EXPECT_EQ(tally.sent, 200u);
  EXPECT_EQ(tally.acknowledged, 200u);
  EXPECT_GE(tally.reconnects, 4u);
  EXPECT_GE(tally.resent, tally.reconnects);
  EXPECT_EQ(broker.connections(), 2 + tally.reconnects);
  EXPECT_THAT(Numbers(broker.seen()), Each(Pair(testing::_, UpTo(100))));
  EXPECT_THAT(broker.seen(), Contains(testing::Field(&SeenPublish::dup, true)));
}

TEST_F(FleetTest, HasOneInFlightWithAWindowOfOne) {
  // The broker answers nothing: each device gets exactly one message out.
  FakeBroker::Behaviour behaviour;
  behaviour.judge = [](const SeenPublish&, size_t) { return Verdict::kIgnore; };
  FakeBroker broker(pki_dir(), behaviour);
  FleetOptions options;
  options.window = 1;
  options.patience_s = 0.3;
  const Tally tally = Run(broker, Plans({"a", "b", "c"}, 5, 1), options);
  EXPECT_FALSE(Complete(tally));
  EXPECT_EQ(tally.sent, 3u);
  EXPECT_EQ(tally.waiting, 3u);
  EXPECT_EQ(tally.unsent, 12u);
  EXPECT_THAT(broker.seen(), SizeIs(3));
}

TEST_F(FleetTest, KeepsWithinTheServersReceiveMaximum) {
  FakeBroker::Behaviour behaviour;
  behaviour.connack.receive_maximum = 5;
  behaviour.judge = [](const SeenPublish&, size_t) { return Verdict::kIgnore; };
  FakeBroker broker(pki_dir(), behaviour);
  FleetOptions options;
  options.patience_s = 0.3;
  const Tally tally = Run(broker, Plans({"a"}, 50, 2), options);
  EXPECT_EQ(tally.sent, 5u);
  EXPECT_EQ(tally.waiting, 5u);
}

TEST_F(FleetTest, TakesARefusalForAnAnswer) {
  FakeBroker::Behaviour behaviour;
  behaviour.judge = [](const SeenPublish&, size_t number) {
    return number % 2 == 0 ? Verdict::kAccept : Verdict::kRefuse;
  };
  FakeBroker broker(pki_dir(), behaviour);
  const Tally tally = Run(broker, Plans({"a"}, 10, 1));
  EXPECT_TRUE(Complete(tally));
  EXPECT_EQ(tally.acknowledged, 5u);
  EXPECT_EQ(tally.refused, 5u);
}

TEST_F(FleetTest, TrustsNoServerOfAnotherCaOrName) {
  MakePki(dir_ + "/other", {"127.0.0.1"});
  MakePki(dir_ + "/named", {"gateway.example"});
  struct {
    std::string broker_pki;
    const char* cause;
  } const kCases[] = {{dir_ + "/other", "certificate"}, {dir_ + "/named", "IP address mismatch"}};
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.broker_pki);
    FakeBroker broker(c.broker_pki, {});
    std::vector<DevicePlan> plans = Plans({"a"}, 1, 0);
    GiveCertificates(c.broker_pki, plans);  // so that only the server is in doubt
    FleetOptions options;
    options.patience_s = 0.3;
    const auto endpoint = ResolveEndpoint(broker.address());
    const std::string ca = c.broker_pki == dir_ + "/named" ? c.broker_pki : pki_dir();
    const auto tally =
        RunFleet(std::move(plans), *endpoint, ca + "/ca.crt", options, stop_, nullptr);
    ASSERT_TRUE(tally.ok());
    EXPECT_EQ(tally->connected, 0u);
    EXPECT_EQ(tally->sent, 0u);
    EXPECT_FALSE(Complete(*tally));
    EXPECT_THAT(broker.seen(), IsEmpty());
    EXPECT_THAT(tally->lost_links, Contains(Pair(HasSubstr(c.cause), testing::_)));
  }
}

TEST_F(FleetTest, GivesUpOnAServerThatIsNotThere) {
  std::vector<DevicePlan> plans = Plans({"a"}, 1, 1);
  GiveCertificates(pki_dir(), plans);
  const auto endpoint = ResolveEndpoint("127.0.0.1:1");
  FleetOptions options;
  options.patience_s = 0.3;
  const auto tally =
      RunFleet(std::move(plans), *endpoint, pki_dir() + "/ca.crt", options, stop_, nullptr);
  ASSERT_TRUE(tally.ok());
  EXPECT_EQ(tally->connected, 0u);
  EXPECT_EQ(tally->unsent, 1u);
  EXPECT_FALSE(Complete(*tally));
  EXPECT_THAT(tally->lost_links, Contains(Pair(HasSubstr("refused"), testing::_)));
}

TEST_F(FleetTest, SendsNothingMoreOnceToldToStopAndWaitsForTheAnswers) {
  FakeBroker::Behaviour behaviour;
  behaviour.judge = [this](const SeenPublish&, size_t number) {
    if (number == 10) stop_ = true;
    return Verdict::kAccept;
  };
  FakeBroker broker(pki_dir(), behaviour);
  FleetOptions options;
  options.window = 1;
  const Tally tally = Run(broker, Plans({"a"}, 100'000, 1), options);
  EXPECT_GT(tally.sent, 10u);
  EXPECT_LT(tally.sent, 100'000u);
  EXPECT_EQ(tally.acknowledged, tally.sent);
  EXPECT_EQ(tally.waiting, 0u);
  EXPECT_TRUE(Complete(tally));
}

TEST_F(FleetTest, MakesTheCertificatesThatAreMissingAndKeepsTheOthers) {
  const auto first = DeviceCredentials(pki_dir(), {"a", "b"}, time(nullptr));
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = DeviceCredentials(pki_dir(), {"b", "c"}, time(nullptr));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*first)[1].CertificatePem(), (*again)[0].CertificatePem());
  std::filesystem::remove(pki_dir() + "/ca.key");
  EXPECT_TRUE(DeviceCredentials(pki_dir(), {"c"}, time(nullptr)).ok());
  const auto none = DeviceCredentials(pki_dir(), {"d"}, time(nullptr));
  EXPECT_THAT(std::string(none.status().message()),
              HasSubstr("d.crt is missing, and there is no "));
}

TEST(EndpointTest, IsAHostAndAPort) {
  EXPECT_TRUE(ResolveEndpoint("127.0.0.1:8883").ok());
  EXPECT_EQ(ResolveEndpoint("[::1]:8883")->host, "::1");
  for (const char* text : {"", "127.0.0.1", ":8883", "127.0.0.1:", "127.0.0.1:mqtt"}) {
    EXPECT_FALSE(ResolveEndpoint(text).ok()) << text;
  }
}

}  // namespace
}  // namespace sluice::simulate
