// The way down by Paho, against sluice-devhub: subscriptions, a request at QoS 0, its answer.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/spool/doorbell.h"
#include "gateway/spool/memory_queue.h"
#include "gateway/uplink/iothub_output.h"
#include "tests/gateway/uplink/hub_process.h"

namespace sluice::uplink {
namespace {

using namespace std::chrono_literals;

// Reads the twin on each connection.
class TwinReader final : public Downlink {
 public:
  explicit TwinReader(std::string filter) : filters_{"$iothub/methods/POST/#", std::move(filter)} {}

  const std::vector<std::string>& filters() const override { return filters_; }
  void OnUp() override { to_ask_ = true; }
  void OnDown() override { Note("down"); }
  void OnRefused() override { Note("refused"); }
  void OnMessage(DownlinkMessage message) override { Note(message.topic + " " + message.payload); }
  void OnMissed(size_t) override { Note("missed"); }
  bool Next(DownlinkMessage* message) override {
    *message = {"$iothub/twin/GET/?$rid=7", ""};
    return std::exchange(to_ask_, false);
  }

  bool WaitFor(const std::string& beginning) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] {
      for (const std::string& each : heard_) {
        if (each.starts_with(beginning)) return true;
      }
      return false;
    });
  }
  void Forget() {
    const std::lock_guard lock(mutex_);
    heard_.clear();
  }

 private:
  void Note(std::string what) {
    {
      const std::lock_guard lock(mutex_);
      heard_.push_back(std::move(what));
    }
    changed_.notify_all();
  }

  const std::vector<std::string> filters_;
  bool to_ask_ = false;  // of the output's thread
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
};

class DownlinkHubTest : public testing::Test {
 protected:
  UplinkOptions Options(Downlink* downlink) {
    IotHubOptions options;
    options.sender.backoff = {.first = 20ms, .cap = 50ms};
    options.sender.short_lived = 0ms;
    options.connection =
        *credentials::ParseConnectionString("HostName=localhost:" + std::to_string(hub_.port()) +
                                            ";DeviceId=gw;SharedAccessKey=" + HubProcess::kKey);
    options.ca_file = hub_.path("ca.crt");
    options.epoch = "e";
    UplinkOptions uplink = UplinkOptionsOf(options);
    uplink.downlink = downlink;
    return uplink;
  }

  HubProcess hub_;
  RealClock clock_;
  spool::Doorbell bell_;
  spool::MemoryQueue queue_{{}, bell_};
};

TEST_F(DownlinkHubTest, ATwinIsReadOnEveryConnection) {
  TwinReader reader("$iothub/twin/res/#");
  hub_.Start();
  UplinkOutput output(
      Options(&reader), queue_, bell_, [](auto) {}, clock_, [] { return 0.5; },
      [](const causes::Finding&) {});
  output.Start();
  const std::string answer = "$iothub/twin/res/200/?$rid=7 {";
  EXPECT_TRUE(reader.WaitFor(answer));
  hub_.Kill();
  EXPECT_TRUE(reader.WaitFor("down"));
  reader.Forget();
  hub_.Start();
  EXPECT_TRUE(reader.WaitFor(answer));
  output.Stop(0ms);
  EXPECT_EQ(output.counters().downlink_sent.Get(), 2u);
}

TEST_F(DownlinkHubTest, AFilterThatTheHubDoesNotGrantIsSaid) {
  TwinReader reader("$iothub/nothing/of/the/kind/#");
  hub_.Start();
  UplinkOutput output(
      Options(&reader), queue_, bell_, [](auto) {}, clock_, [] { return 0.5; },
      [](const causes::Finding&) {});
  output.Start();
  EXPECT_TRUE(reader.WaitFor("refused"));
}

}  // namespace
}  // namespace sluice::uplink
