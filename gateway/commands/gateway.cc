#include "gateway/commands/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <thread>

#include "config/changes.h"
#include "gateway/commands/gateway_metrics.h"
#include "gateway/commands/rule_names_file.h"
#include "gateway/commands/state_file.h"
#include "gateway/commands/waiting_room.h"
#include "gateway/operate/log.h"
#include "gateway/uplink/iothub_output.h"

namespace sluice::commands {
namespace {

using operate::Log;
using operate::LogLevel;

constexpr char kReducersFile[] = "/reducers.state";

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

server::Limits LimitsFor(const config::LimitOptions& limits) {
  return {.connections = limits.connections,
          .handshakes = limits.handshakes,
          .connect_deadline = limits.connect_deadline,
          .packet_bytes = limits.packet_bytes,
          .topic_bytes = limits.topic_bytes,
          .topic_levels = limits.topic_levels,
          .max_keep_alive = limits.max_keep_alive};
}

// `ack: received` needs no ticket.
std::vector<bool> Acknowledges(const config::Config& config) {
  std::vector<bool> acknowledges;
  for (const config::OutputOptions& output : config.outputs)
    acknowledges.push_back(output.ack != config::Ack::kReceived);
  return acknowledges;
}

absl::Status In(const std::string& where, const absl::Status& status) {
  return absl::Status(status.code(), fmt::format("{}: {}", where, std::string(status.message())));
}

// An error that names what only a restart can change.
absl::Status CheckLive(const config::Config& before, const config::Config& after) {
  std::string keys;
  for (const config::Change& change : config::CompareConfigs(before, after)) {
    if (!change.live) keys += (keys.empty() ? "" : ", ") + change.key;
  }
  if (keys.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "cannot change while the gateway runs: {}; restart it, or take these back", keys));
}

void AddReloadMetrics(const ReloadCounters& reloads, operate::MetricsPage* page) {
  constexpr char kTotal[] = "reloads_total";
  constexpr char kHelp[] = "Reloads of the configuration asked for, by result";
  page->AddCounter(kTotal, kHelp, reloads.applied.Get(), {{"result", "applied"}});
  page->AddCounter(kTotal, kHelp, reloads.refused.Get(), {{"result", "refused"}});
  page->AddGauge("config_last_reload_successful",
                 "Whether the configuration in force is the one that the last reload read",
                 static_cast<double>(reloads.last_successful.Get()));
  page->AddGauge("config_last_reload_success_timestamp_seconds",
                 "When the configuration in force was read",
                 static_cast<double>(reloads.last_success_s.Get()));
}

}  // namespace

Gateway::Gateway(config::Config config, std::shared_ptr<const compile::Program> program,
                 Connections connections)
    : config_(std::move(config)),
      connections_(std::move(connections)),
      rule_names_(LoadRuleNames(config_.gateway.state)),
      rules_(std::make_shared<pipeline::Admission>(config_.devices), std::move(program),
             Acknowledges(config_), rule_names_) {
  has_spool_ = std::any_of(config_.outputs.begin(), config_.outputs.end(), IsSpooled);
  reloads_.last_successful.Set(1);
  reloads_.last_success_s.Set(static_cast<uint64_t>(std::time(nullptr)));
}

absl::StatusOr<std::unique_ptr<Gateway>> Gateway::Create(
    config::Config config, std::shared_ptr<const compile::Program> program, Connections connections,
    const std::function<bool()>& give_up, std::optional<CloudSetup> cloud) {
  const compile::Program& rules = *program;  // lives on in the gateway
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(config), program, std::move(connections)));
  if (cloud) {
    gateway->cloud_ = std::make_unique<CloudLink>(*std::move(cloud), *gateway);
    gateway->cloud_->OnRules(gateway->config_.rules, std::move(program));
  }
  gateway->epoch_ = uplink::MakeEpoch(uplink::RealClock());
  if (UsesEdge(gateway->config_)) {
    absl::StatusOr<std::unique_ptr<EdgeModule>> edge = EdgeModule::Create(gateway->config_);
    if (!edge.ok()) return edge.status();
    gateway->edge_ = *std::move(edge);
    if (absl::Status got = gateway->AwaitCertificates(give_up); !got.ok()) return got;
  }
  if (absl::Status status = gateway->OpenOutputs(); !status.ok()) return status;
  gateway->KeepRuleNames(rules);  // the state folder is this process's now
  if (absl::Status status = gateway->OpenServer(); !status.ok()) return status;
  if (absl::Status status = gateway->OpenHttp(); !status.ok()) return status;
  return gateway;
}

Gateway::~Gateway() { Stop(std::chrono::milliseconds(0)); }

absl::Status Gateway::OpenOutputs() {
  if (absl::Status abandoned = CheckAbandonedSpools(config_); !abandoned.ok())
    return In("outputs", abandoned);
  for (const config::OutputOptions& options : config_.outputs) {
    OutputEvents events;
    events.settled = [this](std::span<const session::AckTicket> tickets) {
      server_->Settle(tickets);
    };
    events.room = [this] { server_->Resume(); };
    absl::StatusOr<std::unique_ptr<Output>> output =
        MakeOutput(options,
                   {connections_, edge_.get(), config_.gateway, config_.spool, epoch_, rule_names_,
                    [this](const std::string& name, spool::Doorbell& bell) -> uplink::Downlink* {
                      return cloud_ && cloud_->output() == name ? cloud_->Listen(bell) : nullptr;
                    }},
                   std::move(events));
    if (!output.ok()) return In("outputs." + options.name, output.status());
    outputs_.push_back(*std::move(output));
  }
  return absl::OkStatus();
}

// Before any record carries their numbers. Those in memory alone end with the names.
void Gateway::KeepRuleNames(const compile::Program& program) {
  if (has_spool_) commands::KeepRuleNames(config_.gateway.state, program, &rule_names_);
}

std::unique_ptr<server::PublishSink> Gateway::NewSink() {
  std::vector<std::unique_ptr<pipeline::OutputPort>> ports;
  for (const auto& output : outputs_) ports.push_back(output->NewPort());
  return rules_.NewSink(std::move(ports));
}

absl::Status Gateway::AwaitCertificates(const std::function<bool()>& give_up) {
  for (const config::ListenerOptions& listener : config_.listeners) {
    if (listener.tls.edge && edge_->CertificateFor(listener.tls, give_up) == nullptr)
      return absl::CancelledError("ended while it waited for a server certificate");
  }
  return absl::OkStatus();
}

// Of an edge listener that Create() has waited for.
absl::StatusOr<Gateway::Context> Gateway::ContextFor(const config::TlsOptions& options) {
  tls::ServerOptions server{.certificate = options.certificate,
                            .key = options.key,
                            .client_ca = options.client_ca,
                            .min_version = options.min_version};
  if (options.edge) {
    const auto given = edge_->CertificateFor(options, [] { return true; });
    server.certificate = "the IoT Edge runtime's server certificate";
    server.key = "its key";
    server.certificate_text = given->chain;
    server.key_text = given->key;
  }
  return tls::ServerContext::Load(server);
}

absl::StatusOr<Gateway::Contexts> Gateway::LoadContexts(const config::Config& config) {
  Contexts contexts;
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    absl::StatusOr<Context> context = ContextFor(config.listeners[i].tls);
    if (!context.ok()) return In(fmt::format("listeners[{}]", i), context.status());
    contexts.push_back(*std::move(context));
  }
  return contexts;
}

// One that shows the same as the present one does not replace it: devices hold its tickets.
void Gateway::UseContext(size_t listener, Context context, const server::Limits& limits) {
  const Context current = server_->listener(listener).options()->tls;
  if (context->SameAs(*current)) context = current;
  server_->Reconfigure(listener, std::move(context), limits);
}

void Gateway::NotifyOfRenewals(const std::function<void()>& renewed) {
  if (edge_ == nullptr) return;
  edge_->NotifyOfRenewals(renewed);
  UseRenewedCertificates();  // of what came before
}

void Gateway::UseRenewedCertificates() {
  for (size_t i = 0; i < config_.listeners.size(); ++i) {
    const config::ListenerOptions& listener = config_.listeners[i];
    if (!listener.tls.edge) continue;
    absl::StatusOr<Context> context = ContextFor(listener.tls);
    if (!context.ok()) {
      Log(LogLevel::kError, "server_certificate_unusable",
          "A renewed server certificate cannot be used: the listener keeps the one it has.",
          {{"listener", listener.address}, {"error", std::string(context.status().message())}});
      continue;
    }
    UseContext(i, *std::move(context), LimitsFor(listener.limits));
  }
}

absl::Status Gateway::OpenServer() {
  server::ServerOptions options;
  absl::StatusOr<Contexts> contexts = LoadContexts(config_);
  if (!contexts.ok()) return contexts.status();
  // A session may be taken up at any listener: the largest of them all.
  options.receive_maximum = 1;
  for (size_t i = 0; i < config_.listeners.size(); ++i) {
    const config::ListenerOptions& each = config_.listeners[i];
    options.listeners.push_back({.host = each.host,
                                 .port = each.port,
                                 .tls = std::move((*contexts)[i]),
                                 .limits = LimitsFor(each.limits)});
    options.receive_maximum = std::max(options.receive_maximum, each.limits.receive_maximum);
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

// Of the last clean end. A file that cannot be used is gone as well: rules begin anew.
void Gateway::LoadReducers() {
  const std::string path = config_.gateway.state + kReducersFile;
  absl::StatusOr<std::string> bytes = TakeStateFile(path);
  absl::Status status = bytes.status();
  if (absl::IsNotFound(status)) return;
  if (status.ok() && !rules_.has_reducers()) return;
  if (status.ok()) status = rules_.LoadStates(*bytes, server::Clock::System().Now().wall_us);
  if (status.ok()) {
    Log(LogLevel::kInfo, "reducers_resumed", "reducers go on where the last run ended");
  } else {
    Log(LogLevel::kWarning, "reducers_reset", "what reducers knew cannot be used: they begin anew",
        {{"file", path}, {"error", std::string(status.message())}});
  }
}

// Workers have stopped, outputs have not.
void Gateway::SaveReducers(bool only_windows) {
  if (!rules_.has_reducers()) return;
  const std::string path = config_.gateway.state + kReducersFile;
  const absl::Status status = WriteStateFile(path, rules_.SaveStates(only_windows));
  if (status.ok()) return;
  Log(LogLevel::kWarning, "reducers_not_saved",
      "what reducers know cannot be saved: open windows are sent as they are",
      {{"error", std::string(status.message())}});
  rules_.CloseWindows();
}

void Gateway::Start() {
  started_ = true;
  LoadReducers();
  for (const auto& output : outputs_) output->Start();
  server_->Start();
  if (cloud_) cloud_->Start();
}

absl::Status Gateway::Apply(config::Config config,
                            std::shared_ptr<const compile::Program> program) {
  if (absl::Status status = CheckLive(config_, config); !status.ok()) return status;
  absl::StatusOr<Contexts> contexts = LoadContexts(config);
  if (!contexts.ok()) return contexts.status();
  // Nothing fails from here on.
  for (size_t i = 0; i < contexts->size(); ++i)
    UseContext(i, std::move((*contexts)[i]), LimitsFor(config.listeners[i].limits));
  KeepRuleNames(*program);
  if (cloud_) cloud_->OnRules(config.rules, program);
  rules_.Replace(std::make_shared<pipeline::Admission>(config.devices), std::move(program),
                 *server_);
  config_ = std::move(config);
  return absl::OkStatus();
}

bool Gateway::Stop(std::chrono::milliseconds patience) {
  if (stopped_) return true;
  stopped_ = true;
  if (edge_ != nullptr) edge_->StopRenewing();
  if (cloud_ && started_) cloud_->Stop();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (const auto& output : outputs_) output->BeginDrain();
  bool safe = server_ == nullptr || server_->Stop(deadline);
  // What a device will send again must not be known then: it would be held, and acknowledged.
  if (started_) SaveReducers(!safe);
  for (const auto& output : outputs_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    safe = output->Stop(std::max(left, std::chrono::milliseconds(0))) && safe;
  }
  http_.reset();
  return safe;
}

operate::MetricsPage Gateway::MetricsPage() const {
  operate::MetricsPage page;
  AddServerMetrics(server_->Counts(), &page);
  page.AddHistogram("ack_latency_seconds", "From a PUBLISH to its acknowledgement",
                    server_->AckLatencies());
  rules_.AddMetrics(&page);
  AddReloadMetrics(reloads_, &page);
  for (size_t i = 0; i < server_->listeners(); ++i) {
    page.AddGauge("listener_certificate_expiry_timestamp_seconds",
                  "When the certificate that a listener shows expires",
                  static_cast<double>(server_->listener(i).options()->tls->not_after()),
                  {{"listener", server_->listener(i).address()}});
  }
  if (cloud_) cloud_->AddMetrics(&page);
  for (const auto& output : outputs_) output->AddMetrics(&page);
  if (!has_spool_) AddNoSpoolMetrics(&page);
  return page;
}

operate::HttpResponse Gateway::Metrics() const {
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = MetricsPage().Text()};
}

std::vector<std::pair<std::string, uint64_t>> Gateway::Totals() const {
  const server::ServerCounts counts = server_->Counts();
  const LiveRules::Totals messages = rules_.CountMessages();
  return {{"connections", counts.connections},
          {"received", counts.received[0] + counts.received[1] + counts.received[2]},
          {"forwarded", messages.forwarded},
          {"dropped", messages.dropped}};
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
