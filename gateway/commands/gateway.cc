#include "gateway/commands/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "gateway/commands/gateway_metrics.h"
#include "gateway/uplink/iothub_output.h"

namespace sluice::commands {
namespace {

tls::IdentitySource SourceOf(config::IdentitySource source) {
  switch (source) {
    case config::IdentitySource::kCommonName:
      return tls::IdentitySource::kCommonName;
    case config::IdentitySource::kSanDns:
      return tls::IdentitySource::kSanDns;
    case config::IdentitySource::kSanUri:
      return tls::IdentitySource::kSanUri;
    case config::IdentitySource::kThumbprint:
      break;
  }
  return tls::IdentitySource::kThumbprint;
}

absl::StatusOr<server::ListenerOptions> ListenerFor(const config::ListenerOptions& options) {
  absl::StatusOr<std::shared_ptr<const tls::ServerContext>> context =
      tls::ServerContext::Load({.certificate = options.tls.certificate,
                                .key = options.tls.key,
                                .client_ca = options.tls.client_ca,
                                .min_version = options.tls.min_version});
  if (!context.ok()) return context.status();
  const config::LimitOptions& limits = options.limits;
  return server::ListenerOptions{.host = options.host,
                                 .port = options.port,
                                 .tls = *std::move(context),
                                 .limits = {.connections = limits.connections,
                                            .handshakes = limits.handshakes,
                                            .connect_deadline = limits.connect_deadline,
                                            .packet_bytes = limits.packet_bytes,
                                            .topic_bytes = limits.topic_bytes,
                                            .topic_levels = limits.topic_levels,
                                            .max_keep_alive = limits.max_keep_alive}};
}

absl::Status In(const std::string& where, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", where, std::string(status.message())));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Create(
    config::Config config, std::shared_ptr<const compile::Program> program,
    Connections connections) {
  std::unique_ptr<Gateway> gateway(
      new Gateway(std::move(config), std::move(program), std::move(connections)));
  gateway->epoch_ = uplink::MakeEpoch(uplink::RealClock());
  for (absl::Status (Gateway::*open)() :
       {&Gateway::OpenOutputs, &Gateway::OpenServer, &Gateway::OpenHttp}) {
    if (absl::Status status = (gateway.get()->*open)(); !status.ok()) return status;
  }
  return gateway;
}

Gateway::~Gateway() { Stop(std::chrono::milliseconds(0)); }

absl::Status Gateway::OpenOutputs() {
  for (const config::OutputOptions& options : config_.outputs) {
    OutputEvents events;
    events.settled = [this](std::span<const session::AckTicket> tickets) {
      server_->Settle(tickets);
    };
    events.room = [this] { server_->Resume(); };
    absl::StatusOr<std::unique_ptr<Output>> output =
        MakeOutput(options, connections_, config_.gateway.max_memory, epoch_, std::move(events));
    if (!output.ok()) return In("outputs." + options.name, output.status());
    outputs_.push_back(*std::move(output));
  }
  return absl::OkStatus();
}

std::unique_ptr<server::PublishSink> Gateway::NewSink() {
  std::vector<std::unique_ptr<pipeline::OutputPort>> ports;
  std::vector<pipeline::PipelineOutput> ends;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    ports.push_back(outputs_[i]->NewPort());
    ends.push_back({ports.back().get(), config_.outputs[i].ack != config::Ack::kReceived});
  }
  auto pipeline =
      std::make_unique<pipeline::Pipeline>(std::make_shared<pipeline::Admission>(config_.devices),
                                           program_, std::move(ends), sequences_);
  pipelines_.push_back(pipeline.get());
  return std::make_unique<WorkerSink>(std::move(ports), std::move(pipeline));
}

absl::Status Gateway::OpenServer() {
  server::ServerOptions options;
  // A session may be taken up at any listener: the largest of them all.
  options.receive_maximum = 1;
  for (size_t i = 0; i < config_.listeners.size(); ++i) {
    absl::StatusOr<server::ListenerOptions> listener = ListenerFor(config_.listeners[i]);
    if (!listener.ok()) return In(fmt::format("listeners[{}]", i), listener.status());
    options.listeners.push_back(*std::move(listener));
    options.receive_maximum =
        std::max(options.receive_maximum, config_.listeners[i].limits.receive_maximum);
  }
  options.workers = config_.gateway.workers != 0
                        ? config_.gateway.workers
                        : std::max(1u, std::thread::hardware_concurrency());
  options.identity = SourceOf(config_.devices.identity);
  options.any_client_id = config_.devices.any_client_id;
  options.disconnect_forbidden = config_.devices.disconnect_forbidden;
  absl::StatusOr<std::unique_ptr<server::Server>> server =
      server::Server::Create(std::move(options), [this](uint16_t) { return NewSink(); });
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  return absl::OkStatus();
}

absl::Status Gateway::OpenHttp() {
  if (!config_.operate.http) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<operate::HttpServer>> http =
      operate::HttpServer::Start(config_.operate.http_host, config_.operate.http_port,
                                 {{"/metrics", [this] { return Metrics(); }},
                                  {"/healthz", [this] { return Health(); }},
                                  {"/readyz", [this] { return Readiness(); }}});
  if (!http.ok()) return http.status();
  http_ = *std::move(http);
  return absl::OkStatus();
}

std::string Gateway::http_address() const {
  return http_ == nullptr ? "" : fmt::format("{}:{}", config_.operate.http_host, http_->port());
}

void Gateway::Start() {
  for (const auto& output : outputs_) output->Start();
  server_->Start();
}

bool Gateway::Stop(std::chrono::milliseconds patience) {
  if (stopped_) return true;
  stopped_ = true;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (const auto& output : outputs_) output->BeginDrain();
  bool safe = server_ == nullptr || server_->Stop(deadline);
  for (const auto& output : outputs_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    safe = output->Stop(std::max(left, std::chrono::milliseconds(0))) && safe;
  }
  http_.reset();
  return safe;
}

operate::HttpResponse Gateway::Metrics() const {
  operate::MetricsPage page;
  AddServerMetrics(server_->Counts(), &page);
  page.AddHistogram("ack_latency_seconds", "From a PUBLISH to its acknowledgement",
                    server_->AckLatencies());
  AddPipelineMetrics(*program_, pipelines_, &page);
  for (const auto& output : outputs_) output->AddMetrics(&page);
  // There is no spool yet: nothing lies in it.
  page.AddGauge("spool_bytes", "Bytes in the spool", 0);
  page.AddGauge("spool_messages", "Messages in the spool", 0);
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = page.Text()};
}

// The process serves: a restart would mend nothing that is wrong outside it.
operate::HttpResponse Gateway::Health() const { return {.body = "ok\n"}; }

operate::HttpResponse Gateway::Readiness() const {
  std::string troubles;
  for (const auto& output : outputs_) {
    if (const std::string trouble = output->Trouble(); !trouble.empty()) troubles += trouble + "\n";
  }
  if (troubles.empty()) return {.body = "ready\n"};
  return {.status = 503, .body = troubles};
}

}  // namespace sluice::commands
