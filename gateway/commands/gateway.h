// The running gateway: makes its parts, wires them, and ends them in the order in which nothing is
// lost.
//
// All three parts are of one LoadConfigFile() without errors. Create() opens and binds everything
// that can fail; Start() lets devices in. Both and Stop() on one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "config/config.h"
#include "filters/compile/program.h"
#include "gateway/commands/cloud_link.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/edge_module.h"
#include "gateway/commands/live_rules.h"
#include "gateway/commands/outputs.h"
#include "gateway/operate/counter.h"
#include "gateway/operate/http_server.h"
#include "gateway/server/server.h"
#include "gateway/spool/rule_names.h"

namespace sluice::commands {

// Written by the thread that reloads.
struct ReloadCounters {
  operate::Counter applied;
  operate::Counter refused;
  operate::Counter last_successful;  // 1: what runs is what the last reload read
  operate::Counter last_success_s;   // since 1970
};

class Gateway {
 public:
  // In an IoT Edge module Create() waits until the runtime has given the listeners' certificates:
  // `give_up` is asked now and then, and ends it as Cancelled.
  static absl::StatusOr<std::unique_ptr<Gateway>> Create(
      config::Config config, std::shared_ptr<const compile::Program> program,
      Connections connections, const std::function<bool()>& give_up = [] { return false; },
      std::optional<CloudSetup> cloud = std::nullopt);
  ~Gateway();

  void Start();

  // Takes over another configuration while devices go on: all of what may change live, or nothing.
  // The refusal names each key that only a restart can apply, or the file that cannot be used.
  // Between two turns of its loop each worker goes over to the new rules; connections keep the
  // limits and the TLS context that they were accepted under. Returns when every worker has left
  // the old rules. On the thread of Start() and Stop().
  absl::Status Apply(config::Config config, std::shared_ptr<const compile::Program> program);

  // `renewed` is called, on another thread, when the IoT Edge runtime has given a listener another
  // certificate; UseRenewedCertificates() is then for the thread of Start() and Stop(). Sessions go
  // on under the certificate that they began with.
  void NotifyOfRenewals(const std::function<void()>& renewed);
  void UseRenewedCertificates();

  // No new connections; what was taken is settled and sent, until `patience` is over. True: all of
  // it.
  bool Stop(std::chrono::milliseconds patience);

  const server::Server& server() const { return *server_; }
  server::Server& server() { return *server_; }
  const config::Config& config() const { return config_; }
  ReloadCounters& reloads() { return reloads_; }
  CloudLink* cloud() { return cloud_.get(); }  // null without one

  // What /metrics shows, and the few numbers that a twin has room for. Any thread, from Start() to
  // Stop().
  operate::MetricsPage MetricsPage() const;
  std::vector<std::pair<std::string, uint64_t>> Totals() const;
  // "ADDRESS:PORT", or empty without operate.http.
  std::string http_address() const;

 private:
  using Context = std::shared_ptr<const tls::ServerContext>;
  using Contexts = std::vector<Context>;

  Gateway(config::Config config, std::shared_ptr<const compile::Program> program,
          Connections connections);

  absl::Status OpenOutputs();
  absl::Status AwaitCertificates(const std::function<bool()>& give_up);
  absl::Status OpenServer();
  absl::Status OpenHttp();
  std::unique_ptr<server::PublishSink> NewSink();
  absl::StatusOr<Context> ContextFor(const config::TlsOptions& options);
  // Of the listeners.
  absl::StatusOr<Contexts> LoadContexts(const config::Config& config);
  void UseContext(size_t listener, Context context, const server::Limits& limits);
  void KeepRuleNames(const compile::Program& program);
  void LoadReducers();
  void SaveReducers(bool only_windows);
  operate::HttpResponse Metrics() const;
  operate::HttpResponse Health() const;
  operate::HttpResponse Readiness() const;

  config::Config config_;  // of the thread that applies another one, and of nobody else
  const Connections connections_;
  bool has_spool_ = false;  // outputs stay what they are
  std::string epoch_;
  std::unique_ptr<CloudLink> cloud_;              // outputs listen by it
  std::vector<std::unique_ptr<Output>> outputs_;  // in the order of the program's
  spool::RuleNames rule_names_;
  LiveRules rules_;
  ReloadCounters reloads_;
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<EdgeModule> edge_;  // null unless we are one
  std::unique_ptr<operate::HttpServer> http_;
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace sluice::commands
