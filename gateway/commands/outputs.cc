#include "gateway/commands/outputs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cassert>
#include <climits>
#include <random>

#include "absl/strings/str_replace.h"
#include "gateway/causes/cause.h"
#include "gateway/commands/bill_metrics.h"
#include "gateway/commands/dead_letters.h"
#include "gateway/commands/waiting_room.h"
#include "gateway/pipeline/file_output.h"
#include "gateway/pipeline/store_port.h"
#include "gateway/spool/doorbell.h"
#include "gateway/uplink/iothub_output.h"
#include "gateway/uplink/mqtt_output.h"

namespace sluice::commands {
namespace {

const uplink::Clock& UplinkClock() {
  static const uplink::RealClock clock;
  return clock;
}

uplink::Random NewRandom() {
  return [engine = std::mt19937_64(std::random_device()())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

using HubSettle = std::function<void(std::span<const session::AckTicket>)>;

// To a hub or a broker.
class HubOutput final : public Output {
 public:
  // `store` rings `bell`.
  HubOutput(uplink::UplinkOptions options, std::unique_ptr<spool::Doorbell> bell,
            std::unique_ptr<WaitingRoom> room, std::unique_ptr<DeadLetters> dead_letters,
            const spool::RuleNames& rule_names, HubSettle settle)
      : name_(options.name),
        rule_names_(rule_names),
        dead_letters_(std::move(dead_letters)),
        bell_(std::move(bell)),
        room_(std::move(room)),
        hub_(std::move(options), room_->store(), *bell_, std::move(settle), UplinkClock(),
             NewRandom()) {}

  std::unique_ptr<pipeline::OutputPort> NewPort() override {
    return std::make_unique<pipeline::StorePort>(room_->store());
  }
  void Start() override { hub_.Start(); }
  void BeginDrain() override { hub_.BeginDrain(); }
  bool Stop(std::chrono::milliseconds patience) override {
    return room_->Close(hub_.Stop(patience));
  }

  std::string Trouble() const override {
    if (const std::string trouble = room_->Trouble(); !trouble.empty())
      return fmt::format("{}: {}", name_, trouble);
    const auto cause = static_cast<causes::Cause>(hub_.counters().cause.Get());
    if (cause != causes::Cause::kNone)
      return fmt::format("{}: {}; {}", name_, causes::CauseName(cause), causes::CauseAdvice(cause));
    return hub_.counters().connected.Get() == 0 ? fmt::format("{}: not connected yet", name_) : "";
  }

  void AddMetrics(operate::MetricsPage* page) const override {
    const uplink::UplinkCounters& counters = hub_.counters();
    const operate::MetricsPage::Labels labels = {{"output", name_}};
    page->AddGauge("uplink_connected", "Whether the hub is connected",
                   static_cast<double>(counters.connected.Get()), labels);
    page->AddCounter("uplink_sent_total", "Messages that the hub acknowledged: its operations",
                     counters.sent.Get(), labels);
    page->AddCounter("uplink_readings_total", "Device messages in them", counters.readings.Get(),
                     labels);
    page->AddCounter("uplink_blocks_total", "Blocks that the hub bills them as",
                     counters.blocks.Get(), labels);
    page->AddGauge("uplink_inflight", "Messages sent and not acknowledged yet",
                   static_cast<double>(counters.inflight.Get()), labels);
    page->AddCounter("uplink_reconnects_total", "Connections after the first",
                     counters.reconnects.Get(), labels);
    page->AddCounter("uplink_resent_total", "Messages sent again after a broken link",
                     counters.resent.Get(), labels);
    page->AddCounter("uplink_refused_total", "Device messages that the hub would never take",
                     counters.refused.Get(), labels);
    page->AddCounter("downlink_received_total", "Messages of the hub: twin and methods",
                     counters.downlink_received.Get(), labels);
    page->AddCounter("downlink_missed_total", "Of these, dropped because too many waited",
                     counters.downlink_missed.Get(), labels);
    page->AddCounter("downlink_sent_total", "Answers and reports to the hub",
                     counters.downlink_sent.Get(), labels);
    page->AddCounter("dead_letters_total", "Of these, kept in the file of dead letters",
                     dead_letters_->kept(), labels);
    page->AddCounter("dead_letters_lost_total", "Of these, that could not be kept there",
                     dead_letters_->lost(), labels);
    AddBillMetrics(counters.bill, rule_names_, labels, page);
    room_->AddMetrics(page, labels);
  }

 private:
  const std::string name_;
  const spool::RuleNames& rule_names_;
  std::unique_ptr<DeadLetters> dead_letters_;
  std::unique_ptr<spool::Doorbell> bell_;
  std::unique_ptr<WaitingRoom> room_;
  uplink::UplinkOutput hub_;
};

class FileSink final : public Output {
 public:
  FileSink(std::string name, std::unique_ptr<pipeline::FileOutput> file)
      : name_(std::move(name)), file_(std::move(file)) {}

  std::unique_ptr<pipeline::OutputPort> NewPort() override { return file_->NewPort(); }
  void Start() override {}       // its thread runs since it was opened
  void BeginDrain() override {}  // it never waits for more
  bool Stop(std::chrono::milliseconds) override { return file_->Stop(); }
  std::string Trouble() const override {
    return file_->failing() ? fmt::format("{}: the file takes no messages; see the log", name_)
                            : "";
  }

  void AddMetrics(operate::MetricsPage* page) const override {
    const operate::MetricsPage::Labels labels = {{"output", name_}};
    page->AddCounter("file_written_total", "Messages in the file", file_->written(), labels);
    page->AddCounter("file_failures_total", "Writes that failed and were tried again",
                     file_->failures(), labels);
    page->AddGauge("output_waiting_messages", "Accepted and not safe yet",
                   static_cast<double>(file_->waiting_records()), labels);
    page->AddGauge("output_waiting_bytes", "Memory that they take",
                   static_cast<double>(file_->waiting_bytes()), labels);
  }

 private:
  const std::string name_;
  std::unique_ptr<pipeline::FileOutput> file_;
};

uplink::UplinkOptions IotHub(const config::OutputOptions& options,
                             const OutputSurroundings& around) {
  uplink::IotHubOptions hub;
  hub.name = options.name;
  hub.ca_file = options.ca;
  hub.certificate_file = options.certificate;
  hub.key_file = options.key;
  hub.sas_lifetime = options.sas_lifetime;
  hub.pack = options.pack.enabled;
  hub.gzip = options.pack.compress == config::Compress::kGzip;
  hub.max_bytes = options.pack.max_bytes;
  hub.max_delay = options.pack.max_delay;
  hub.epoch = around.epoch;
  hub.sender.backoff.cap = options.reconnect_max;
  if (options.edge) {
    assert(around.edge != nullptr);
    return uplink::UplinkOptionsOf(hub, around.edge->NewLogin(options, around.gateway.state));
  }
  assert(around.connections.contains(options.name));
  hub.connection = around.connections.at(options.name);
  return uplink::UplinkOptionsOf(hub);
}

absl::StatusOr<uplink::UplinkOptions> Broker(const config::OutputOptions& options,
                                             const OutputSurroundings& around) {
  const std::string gateway = GatewayName(around.gateway);
  uplink::MqttOptions broker;
  broker.name = options.name;
  broker.host = options.host;
  broker.port = options.port;
  broker.client_id = options.client_id.empty() ? gateway : options.client_id;
  broker.user_name = options.username;
  broker.password = options.password;
  broker.ca_file = options.ca;
  broker.certificate_file = options.certificate;
  broker.key_file = options.key;
  broker.topic = absl::StrReplaceAll(config::BrokerTopicOf(options), {{"{gateway}", gateway}});
  if (broker.topic.find_first_of("+#") != std::string::npos) {
    return absl::InvalidArgumentError(fmt::format(
        "nobody can publish to '{}': gateway.name must hold no + and no # here", broker.topic));
  }
  broker.pack = options.pack.enabled;
  broker.gzip = options.pack.compress == config::Compress::kGzip;
  broker.max_bytes = options.pack.max_bytes;
  broker.max_delay = options.pack.max_delay;
  broker.epoch = around.epoch;
  broker.sender.backoff.cap = options.reconnect_max;
  return uplink::UplinkOptionsOf(broker);
}

absl::StatusOr<std::unique_ptr<Output>> MakeUplink(const config::OutputOptions& options,
                                                   absl::StatusOr<uplink::UplinkOptions> uplink,
                                                   const OutputSurroundings& around,
                                                   OutputEvents events) {
  if (!uplink.ok()) return uplink.status();
  auto bell = std::make_unique<spool::Doorbell>();
  HubSettle settle = events.settled;
  absl::StatusOr<std::unique_ptr<WaitingRoom>> room =
      MakeWaitingRoom(options, around, std::move(events), *bell);
  if (!room.ok()) return room.status();
  auto dead_letters = std::make_unique<DeadLetters>(around.gateway.state + "/dead-letters",
                                                    options.name, around.epoch);
  uplink->dead_letter = [letters = dead_letters.get()](const spool::RecordView& record,
                                                       std::string_view reason) {
    letters->Add(record, reason);
  };
  uplink->downlink = around.downlink ? around.downlink(options.name, *bell) : nullptr;
  return std::make_unique<HubOutput>(*std::move(uplink), std::move(bell), *std::move(room),
                                     std::move(dead_letters), around.rule_names, std::move(settle));
}

absl::StatusOr<std::unique_ptr<Output>> MakeFileOutput(const config::OutputOptions& options,
                                                       const OutputSurroundings& around,
                                                       OutputEvents events) {
  absl::StatusOr<std::unique_ptr<pipeline::FileOutput>> file =
      pipeline::FileOutput::Open({.name = options.name,
                                  .path = options.path,
                                  .epoch = around.epoch,
                                  .sync = options.ack == config::Ack::kStored,
                                  .max_bytes = around.gateway.max_memory,
                                  .on_settled = std::move(events.settled),
                                  .on_room = std::move(events.room)});
  if (!file.ok()) return file.status();
  return std::make_unique<FileSink>(options.name, *std::move(file));
}

}  // namespace

std::string GatewayName(const config::GatewayOptions& gateway) {
  char host[HOST_NAME_MAX + 1] = "";
  if (gateway.name.empty() && gethostname(host, sizeof host - 1) == 0) return host;
  return gateway.name;
}

absl::StatusOr<std::unique_ptr<Output>> MakeOutput(const config::OutputOptions& options,
                                                   const OutputSurroundings& around,
                                                   OutputEvents events) {
  switch (options.type) {
    case config::OutputOptions::Type::kIotHub:
      return MakeUplink(options, IotHub(options, around), around, std::move(events));
    case config::OutputOptions::Type::kMqtt:
      return MakeUplink(options, Broker(options, around), around, std::move(events));
    case config::OutputOptions::Type::kFile:
      return MakeFileOutput(options, around, std::move(events));
  }
  return absl::InternalError("output of an unknown type");
}

}  // namespace sluice::commands
