// The running gateway: makes its parts, wires them, and ends them in the order in which nothing is
// lost.
//
// All three parts are of one LoadConfigFile() without errors. Create() opens and binds everything
// that can fail; Start() lets devices in. Both and Stop() on one thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "config/config.h"
#include "filters/compile/program.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/outputs.h"
#include "gateway/commands/worker_sink.h"
#include "gateway/operate/http_server.h"
#include "gateway/pipeline/sequence.h"
#include "gateway/server/server.h"

namespace sluice::commands {

class Gateway {
 public:
  static absl::StatusOr<std::unique_ptr<Gateway>> Create(
      config::Config config, std::shared_ptr<const compile::Program> program,
      Connections connections);
  ~Gateway();

  void Start();

  // No new connections; what was taken is settled and sent, until `patience` is over. True: all of
  // it.
  bool Stop(std::chrono::milliseconds patience);

  const server::Server& server() const { return *server_; }
  // "ADDRESS:PORT", or empty without operate.http.
  std::string http_address() const;

 private:
  Gateway(config::Config config, std::shared_ptr<const compile::Program> program,
          Connections connections)
      : config_(std::move(config)),
        program_(std::move(program)),
        connections_(std::move(connections)) {}

  absl::Status OpenOutputs();
  absl::Status OpenServer();
  absl::Status OpenHttp();
  std::unique_ptr<server::PublishSink> NewSink();
  operate::HttpResponse Metrics() const;
  operate::HttpResponse Health() const;
  operate::HttpResponse Readiness() const;

  const config::Config config_;
  const std::shared_ptr<const compile::Program> program_;
  const Connections connections_;
  std::string epoch_;
  pipeline::Sequences sequences_;
  std::vector<std::unique_ptr<Output>> outputs_;      // in the order of the program's
  std::vector<const pipeline::Pipeline*> pipelines_;  // owned by the server's sinks
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<operate::HttpServer> http_;
  bool stopped_ = false;
};

}  // namespace sluice::commands
