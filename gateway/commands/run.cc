// sluice run: the gateway, until it is told to stop.
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "config/diagnostics.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/config_file.h"
#include "gateway/commands/gateway.h"
#include "gateway/commands/main_loop.h"
#include "gateway/commands/outputs.h"
#include "gateway/commands/overlaid_config.h"
#include "gateway/commands/reload.h"
#include "gateway/commands/surroundings.h"
#include "gateway/operate/log.h"

namespace sluice::commands {
namespace {

constexpr std::chrono::seconds kDrainPatience{10};

using operate::Log;
using operate::LogLevel;

// A thousand devices are a thousand descriptors; the default of 1024 is for shells.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    Log(LogLevel::kWarning, "descriptor_limit",
        "cannot raise the limit of open files: fewer devices can connect");
  }
}

// What the twin desired when the gateway last ran is in force from the start, if it fits the file.
std::optional<CloudSetup> SetUpCloud(const ConfigSource& source, ConfigFile* loaded,
                                     MainLoop& main_loop) {
  config::Config& config = *loaded->file.config;
  if (!config.cloud) return std::nullopt;
  CloudSetup setup{source, config, {}, main_loop};
  if (config.cloud->desired.empty()) return setup;
  cloud::Desired desired = LoadDesired(config.gateway);
  if (desired.version == 0) return setup;
  OverlaidConfig overlaid = LayOverDesired(config, desired);
  const std::string version = std::to_string(desired.version);
  if (!overlaid.faults.empty()) {
    Log(LogLevel::kError, "desired_refused",
        "what the twin desired last does not fit this file, which alone is in force",
        {{"version", version}, {"first", overlaid.faults.front().message}});
    return setup;
  }
  config = std::move(overlaid.config);
  loaded->program = std::move(overlaid.program);
  setup.desired = std::move(desired);
  SetUpLog(config.operate);
  Log(LogLevel::kInfo, "desired_resumed", "what the twin desired last is in force",
      {{"version", version}});
  return setup;
}

}  // namespace

int Run(const RunOptions& options) {
  const absl::StatusOr<ConfigSource> source = FindConfig(options.config);
  if (!source.ok()) {
    fmt::print(stderr, "sluice run: {}\n", std::string(source.status().message()));
    return absl::IsNotFound(source.status()) ? kExitUsage : kExitNo;
  }
  config::Diagnostics diagnostics;
  std::optional<ConfigFile> loaded = LoadConfig(*source, &diagnostics);
  if (loaded && !loaded->file.config) {
    diagnostics.Error({}, "", "holds rules alone",
                      "run wants listeners, devices and outputs besides");
  }
  if (loaded && loaded->file.config) CheckSurroundings(*loaded->file.config, diagnostics);
  const bool fails = !loaded || diagnostics.errors() > 0;
  // Once there is a log, whoever reads it expects nothing else.
  if (fails || !loaded->file.config->operate.log_json)
    fmt::print(stderr, "{}", diagnostics.Render());
  if (fails) return kExitNo;
  config::Config& config = *loaded->file.config;

  std::signal(SIGPIPE, SIG_IGN);
  MainLoop main_loop;
  SetUpLog(config.operate);
  if (config.operate.log_json) LogDiagnostics(diagnostics);
  RaiseDescriptorLimit();

  const std::string name = GatewayName(config.gateway);
  std::optional<CloudSetup> cloud = SetUpCloud(*source, &*loaded, main_loop);
  absl::StatusOr<std::unique_ptr<Gateway>> gateway = Gateway::Create(
      std::move(config), std::move(loaded->program), std::move(loaded->connections),
      [] { return MainLoop::IsEndAsked(); }, std::move(cloud));
  if (absl::IsCancelled(gateway.status())) {
    Log(LogLevel::kInfo, "stopped", std::string(gateway.status().message()));
    return kExitFine;
  }
  if (!gateway.ok()) {
    fmt::print(stderr, "sluice: {}: {}\n", source->name, std::string(gateway.status().message()));
    return kExitNo;
  }
  (*gateway)->Start();
  for (size_t i = 0; i < (*gateway)->server().listeners(); ++i) {
    fmt::print("sluice: ready, listening on {}\n", (*gateway)->server().listener(i).address());
  }
  if (const std::string http = (*gateway)->http_address(); !http.empty())
    fmt::print("sluice: http on {}\n", http);
  std::fflush(stdout);
  Log(LogLevel::kInfo, "started", "devices may connect",
      {{"gateway", name}, {"version", SLUICE_VERSION}, {"file", source->name}});

  (*gateway)->NotifyOfRenewals(
      [&] { main_loop.Post([&] { (*gateway)->UseRenewedCertificates(); }); });
  const std::string why = main_loop.Wait([&] { Reload(*source, **gateway); });
  Log(LogLevel::kInfo, "stopping", "draining: no new connections", {{"signal", why}});
  // Whoever asks a second time does not want to wait for the drain.
  main_loop.LetSignalsKill();
  const bool safe = (*gateway)->Stop(kDrainPatience);
  Log(safe ? LogLevel::kInfo : LogLevel::kWarning, "stopped",
      safe ? "all that was taken is safe"
           : "some messages are not: of QoS 1 and 2 their devices keep them, others are lost");
  return kExitFine;
}

}  // namespace sluice::commands
