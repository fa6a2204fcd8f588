// The whole output against sluice-devhub over TLS: Paho, SAS, packs, kills.
#include "gateway/uplink/iothub_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gateway/spool/memory_queue.h"
#include "nlohmann/json.hpp"
#include "tests/gateway/uplink/hub_process.h"

namespace sluice::uplink {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::IsEmpty;

constexpr auto kPatience = 60s;

class IotHubOutputTest : public testing::Test {
 protected:
  IotHubOutputTest() {
    // Trouble is over soon here, and killing the hub again and again is no fight for an identity.
    options_.sender.backoff = {.first = 20ms, .cap = 50ms};
    options_.sender.short_lived = 0ms;
    options_.max_delay = 5ms;
    options_.epoch = "e";
  }
  ~IotHubOutputTest() override {
    if (output_) output_->Stop(0ms);
  }

  std::string Credential() const {
    return "HostName=localhost:" + std::to_string(hub_.port()) +
           ";DeviceId=gw;SharedAccessKey=" + HubProcess::kKey;
  }
  void Run() { Run(Credential(), hub_.path("ca.crt")); }
  void Run(const std::string& connection_string, const std::string& ca) {
    const auto connection = credentials::ParseConnectionString(connection_string);
    ASSERT_TRUE(connection.ok()) << connection.status();
    options_.connection = *connection;
    options_.ca_file = ca;
    output_ = std::make_unique<IotHubOutput>(
        options_, queue_, bell_,
        [this](std::span<const session::AckTicket> tickets) {
          std::lock_guard lock(mutex_);
          for (const auto& t : tickets) settled_.insert(t.sequence);
          changed_.notify_all();
        },
        clock_, [this] { return std::uniform_real_distribution<>()(random_); },
        [this](const causes::Finding& finding) {
          std::lock_guard lock(mutex_);
          causes_.push_back(std::string(causes::CauseName(finding.cause)));
          details_ += finding.detail + "\n";
          changed_.notify_all();
        });
    output_->Start();
  }

  // Appends `count` readings of three devices, numbered on.
  void Append(int count) {
    spool::RecordBatch batch;
    for (int i = 0; i < count; ++i) {
      const uint32_t n = ++appended_;
      const std::string body = R"({"n":)" + std::to_string(n) + "}";
      const std::string device = "device-" + std::to_string(n % 3);
      spool::RecordView record;
      record.id = n;
      record.device = device;
      record.topic = "plant/telemetry";
      record.body = body;
      record.body_is_json = true;
      record.ticket = session::AckTicket{0, 0, 0, n};
      batch.Append(record);
    }
    queue_.Append(std::move(batch));
  }

  template <typename Condition>
  bool WaitFor(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  bool WaitForSettled(size_t count) {
    return WaitFor([&] { return settled_.size() >= count; });
  }
  bool WaitForCause(const std::string& cause) {
    return WaitFor([&] { return std::count(causes_.begin(), causes_.end(), cause) > 0; });
  }
  std::set<uint32_t> settled() {
    std::lock_guard lock(mutex_);
    return settled_;
  }

  // The numbers of all readings that the hub has, in order of arrival, packs opened.
  std::vector<uint32_t> Arrived() const {
    std::vector<uint32_t> numbers;
    for (const std::string& line : hub_.Messages()) {
      const json message = json::parse(line);
      const json payload = message["payload"].is_string()
                               ? json::parse(message["payload"].get<std::string>())
                               : message["payload"];
      if (payload.is_array()) {
        for (const json& member : payload) numbers.push_back(member["body"]["n"]);
      } else {
        numbers.push_back(payload["n"]);
      }
    }
    return numbers;
  }

  // Each reading up to `count` at least once, and of each device the first copies in order.
  static void ExpectAllInOrder(const std::vector<uint32_t>& arrived, uint32_t count) {
    std::set<uint32_t> seen;
    std::map<uint32_t, uint32_t> last;
    for (const uint32_t n : arrived) {
      if (!seen.insert(n).second) continue;
      EXPECT_GT(n, last[n % 3]) << "out of order";
      last[n % 3] = n;
    }
    EXPECT_EQ(seen.size(), count);
    EXPECT_TRUE(seen.empty() || *seen.rbegin() == count);
  }

  HubProcess hub_;
  RealClock clock_;
  std::mt19937 random_{7};
  spool::Doorbell bell_;
  spool::MemoryQueue queue_{{}, bell_};
  IotHubOptions options_;
  uint32_t appended_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<uint32_t> settled_;
  std::vector<std::string> causes_;
  std::string details_;
  std::unique_ptr<IotHubOutput> output_;
};

TEST_F(IotHubOutputTest, DeliversEverythingOnceAndInOrder) {
  hub_.Start();
  Run();
  for (int i = 0; i < 50; ++i) Append(100);
  ASSERT_TRUE(WaitForSettled(5000));
  const std::vector<uint32_t> arrived = Arrived();
  EXPECT_EQ(arrived.size(), 5000u);
  ExpectAllInOrder(arrived, 5000);
  EXPECT_EQ(output_->counters().readings.Get(), 5000u);
  EXPECT_EQ(output_->counters().sent.Get(), hub_.Messages().size());
  EXPECT_LT(output_->counters().sent.Get(), 300u) << "packed";
  EXPECT_EQ(queue_.bytes(), 0u);
}

TEST_F(IotHubOutputTest, AMessageCarriesItsPropertiesAndIsMeteredAsTheHubMetersIt) {
  options_.pack = false;
  hub_.Start();
  Run();
  Append(1);
  ASSERT_TRUE(WaitForSettled(1));
  const json message = json::parse(hub_.Messages().at(0));
  EXPECT_EQ(message["device"], "gw");
  EXPECT_EQ(message["properties"]["origin-device"], "device-1");
  EXPECT_EQ(message["properties"]["origin-topic"], "plant/telemetry");
  EXPECT_EQ(message["systemProperties"]["messageId"], "e-1") << message.dump();
  EXPECT_EQ(message["systemProperties"]["contentType"], "application/json") << message.dump();
  EXPECT_EQ(message["blocks"], output_->counters().blocks.Get());
}

TEST_F(IotHubOutputTest, KilledHubsLoseNothingAndNothingIsSettledThatDidNotArrive) {
  constexpr int kCycles = 20;
  constexpr int kPerCycle = 600;
  options_.pack = false;  // many messages: kills fall between them
  hub_.Start();
  Run();
  int mid_stream = 0;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    const size_t before = settled().size();
    Append(kPerCycle);
    ASSERT_TRUE(WaitForSettled(before + 50)) << "cycle " << cycle;
    hub_.Kill();
    // What is settled by now was acknowledged before the kill.
    const std::set<uint32_t> safe = settled();
    mid_stream += safe.size() < appended_ ? 1 : 0;
    const std::vector<uint32_t> arrived = Arrived();
    const std::set<uint32_t> there(arrived.begin(), arrived.end());
    EXPECT_TRUE(std::includes(there.begin(), there.end(), safe.begin(), safe.end()))
        << "cycle " << cycle;
    hub_.Start();
  }
  ASSERT_TRUE(WaitForSettled(appended_));
  ExpectAllInOrder(Arrived(), appended_);
  EXPECT_GT(mid_stream, kCycles / 2) << "or the test tests nothing";
  EXPECT_GE(output_->counters().reconnects.Get(), static_cast<uint64_t>(kCycles));
  EXPECT_EQ(queue_.bytes(), 0u);
}

TEST_F(IotHubOutputTest, ConnectsOnceTheHubIsThere) {
  hub_.Start();
  hub_.Kill();  // the port is known, and refuses
  Run();
  Append(10);
  ASSERT_TRUE(WaitForCause("refused")) << details_;
  EXPECT_THAT(settled(), IsEmpty());
  hub_.Start();
  ASSERT_TRUE(WaitForSettled(10));
}

TEST_F(IotHubOutputTest, RenewingATokenLosesNothingAndHardlyPauses) {
  options_.sas_lifetime = 6s;  // leaves a second between the renewal and the end, for slow machines
  hub_.Start();
  Run();
  auto longest = 0ns;
  while (output_->counters().reconnects.Get() < 1) {
    Append(10);
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(WaitForSettled(appended_));
    longest = std::max(longest, std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin));
  }
  const std::vector<uint32_t> arrived = Arrived();
  EXPECT_EQ(arrived.size(), appended_) << "nothing twice: each renewal waited for acknowledgements";
  ExpectAllInOrder(arrived, appended_);
  RecordProperty(
      "longest_pause_us",
      std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(longest).count()));
  EXPECT_LT(longest, 5s);
  std::lock_guard lock(mutex_);
  EXPECT_EQ(std::set<std::string>(causes_.begin(), causes_.end()), std::set<std::string>{"none"});
}

TEST_F(IotHubOutputTest, ConnectsByCertificate) {
  options_.certificate_file = hub_.path("gw.crt");
  options_.key_file = hub_.path("gw.key");
  hub_.Start();
  Run("HostName=localhost:" + std::to_string(hub_.port()) + ";DeviceId=gw;x509=true",
      hub_.path("ca.crt"));
  Append(5);
  ASSERT_TRUE(WaitForSettled(5)) << details_;
}

TEST_F(IotHubOutputTest, SaysThatTheKeyIsWrong) {
  hub_.Start();
  Run("HostName=localhost:" + std::to_string(hub_.port()) + ";DeviceId=gw;SharedAccessKey=d3Jvbmc=",
      hub_.path("ca.crt"));
  Append(1);
  ASSERT_TRUE(WaitForCause("not_authorised"));
  EXPECT_THAT(settled(), IsEmpty());
}

TEST_F(IotHubOutputTest, RefusesAHubOfAnotherCa) {
  const HubProcess other;
  hub_.Start();
  Run(Credential(), other.path("ca.crt"));
  Append(1);
  ASSERT_TRUE(WaitForCause("trust")) << details_;
  EXPECT_THAT(hub_.Messages(), IsEmpty());
}

TEST_F(IotHubOutputTest, RefusesAHubOfAnotherName) {
  HubProcess misnamed({"another.example"});
  misnamed.Start();
  Run("HostName=localhost:" + std::to_string(misnamed.port()) +
          ";DeviceId=gw;SharedAccessKey=" + HubProcess::kKey,
      misnamed.path("ca.crt"));
  Append(1);
  ASSERT_TRUE(WaitForCause("host_name")) << details_;
  EXPECT_THAT(misnamed.Messages(), IsEmpty());
}

TEST_F(IotHubOutputTest, SaysThatANameDoesNotResolve) {
  Run(std::string("HostName=no-such-hub.invalid;DeviceId=gw;SharedAccessKey=") + HubProcess::kKey,
      hub_.path("ca.crt"));
  ASSERT_TRUE(WaitForCause("name_resolution")) << details_;
}

TEST_F(IotHubOutputTest, StoppingSendsWhatWaits) {
  options_.max_delay = 1h;
  hub_.Start();
  Run();
  Append(7);
  ASSERT_TRUE(WaitForCause("none"));
  const auto begin = std::chrono::steady_clock::now();
  output_->Stop(30s);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s) << "once all is settled it is over";
  EXPECT_EQ(settled().size(), 7u);
  EXPECT_EQ(Arrived().size(), 7u);
}

}  // namespace
}  // namespace sluice::uplink
