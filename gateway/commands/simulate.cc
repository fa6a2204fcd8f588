// `sluice simulate`: a fleet of devices that load, try or demonstrate a gateway.
#include <fmt/core.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>
#include <utility>

#include "gateway/commands/commands.h"
#include "gateway/simulate/certificates.h"
#include "gateway/simulate/fleet.h"
#include "gateway/simulate/replay.h"
#include "gateway/simulate/signal_source.h"
#include "gateway/simulate/signals.h"

namespace sluice::commands {
namespace {

using simulate::DevicePlan;

constexpr double kDefaultSeconds = 10;
constexpr int kDefaultQos = 1;
constexpr rlim_t kOwnFiles = 64;          // beside the devices' sockets
constexpr size_t kRingMessages = 16'384;  // of all devices together, made before a back-to-back run

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

int64_t WallClockUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Ctrl-C ends the traffic; the summary still comes.
void StopOnSignals() {
  struct sigaction on_signal {};
  on_signal.sa_handler = [](int) { stop_requested.store(true); };
  on_signal.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one ends the program
  sigaction(SIGINT, &on_signal, nullptr);
  sigaction(SIGTERM, &on_signal, nullptr);
}

absl::Status AllowSockets(size_t devices) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = devices + kOwnFiles;
  if (limit.rlim_cur >= wanted) return absl::OkStatus();
  if (limit.rlim_max < wanted) {
    return absl::ResourceExhaustedError(fmt::format(
        "{} devices need {} open files, and this process may have {}: raise `ulimit -n`", devices,
        wanted, limit.rlim_max));
  }
  limit.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
  return absl::OkStatus();
}

// Device i sends its first message at (i + 1/2) / devices of the interval: a fleet does not speak
// in unison.
std::unique_ptr<simulate::MessageSource> NewSource(const SimulateOptions& options, uint32_t index,
                                                   int64_t epoch_us) {
  simulate::Machine machine(options.seed, index, options.payload_bytes);
  const auto qos = static_cast<uint8_t>(options.qos.value_or(kDefaultQos));
  const auto until_us = static_cast<int64_t>(options.seconds.value_or(kDefaultSeconds) * 1e6);
  if (options.rate == 0) {
    const size_t ring = std::clamp<size_t>(kRingMessages / options.devices, 4, 64);
    return std::make_unique<simulate::BackToBackSource>(std::move(machine), qos, epoch_us, until_us,
                                                        ring);
  }
  simulate::SteadySource::Options steady;
  steady.rate = options.rate;
  steady.phase_us = static_cast<int64_t>((index + 0.5) / options.devices / options.rate * 1e6);
  steady.until_us = until_us;
  steady.epoch_us = epoch_us;
  steady.qos = qos;
  return std::make_unique<simulate::SteadySource>(std::move(machine), steady);
}

std::vector<DevicePlan> PlanMachines(const SimulateOptions& options) {
  const int64_t epoch_us = WallClockUs();
  std::vector<DevicePlan> plans(options.devices);
  for (uint32_t i = 0; i < options.devices; ++i) {
    plans[i].name = simulate::MachineName(i);
    plans[i].source = NewSource(options, i, epoch_us);
  }
  return plans;
}

absl::StatusOr<std::vector<DevicePlan>> PlanReplay(const SimulateOptions& options,
                                                   simulate::Tally& tally) {
  simulate::ReplayOptions replay_options;
  replay_options.speed = options.speed;
  if (options.qos.has_value()) replay_options.qos = static_cast<uint8_t>(*options.qos);
  replay_options.seconds = options.seconds;
  absl::StatusOr<simulate::Replay> replay = simulate::LoadReplay(options.replay, replay_options);
  if (!replay.ok()) return replay.status();
  for (const std::string& note : replay->notes)
    fmt::print(stderr, "{}: {}\n", options.replay, note);
  if (replay->untold > 0) {
    fmt::print(stderr,
               "{}: {} lines carry what MQTT has no place for (twin, systemProperties, other "
               "encodings than utf-8)\n",
               options.replay, replay->untold);
  }
  if (replay->last_due_us > 60'000'000) {
    fmt::print(stderr,
               "{}: lasts {:.0f} s at this speed (--speed max: as fast as the server takes it)\n",
               options.replay, static_cast<double>(replay->last_due_us) * 1e-6);
  }
  tally.refused_locally = replay->refused;
  tally.malformed = replay->malformed;
  if (replay->refused > 0) tally.refusals["not sent: see the notes"] = replay->refused;

  const bool paced = options.speed > 0;
  std::optional<int64_t> until_us;
  if (!paced && options.seconds.has_value())
    until_us = static_cast<int64_t>(*options.seconds * 1e6);
  std::vector<DevicePlan> plans;
  for (simulate::ReplayedDevice& device : replay->devices) {
    DevicePlan& plan = plans.emplace_back();
    plan.name = std::move(device.name);
    plan.source =
        std::make_unique<simulate::ReplaySource>(std::move(device.messages), paced, until_us);
  }
  if (plans.empty())
    return absl::InvalidArgumentError(fmt::format("{}: nothing in it can be sent", options.replay));
  return plans;
}

absl::Status GiveCertificates(const std::string& pki, std::vector<DevicePlan>& plans) {
  std::vector<std::string> names;
  names.reserve(plans.size());
  for (const DevicePlan& plan : plans) names.push_back(plan.name);
  auto credentials = simulate::DeviceCredentials(pki, names, WallClockUs() / 1'000'000);
  if (!credentials.ok()) return credentials.status();
  for (size_t i = 0; i < plans.size(); ++i) plans[i].credential = std::move((*credentials)[i]);
  return absl::OkStatus();
}

void ShowProgress(const simulate::FleetProgress& progress) {
  fmt::print(stderr, "\r\033[K{} connected, {} sent, {} acknowledged, {} refused",
             progress.connected.load(), progress.sent.load(), progress.acknowledged.load(),
             progress.refused.load());
  std::fflush(stderr);
}

absl::StatusOr<simulate::Tally> RunSimulation(const SimulateOptions& options) {
  absl::StatusOr<simulate::Endpoint> endpoint = simulate::ResolveEndpoint(options.to);
  if (!endpoint.ok()) return endpoint.status();
  simulate::Tally local;
  absl::StatusOr<std::vector<DevicePlan>> plans =
      options.replay.empty() ? PlanMachines(options) : PlanReplay(options, local);
  if (!plans.ok()) return plans.status();
  if (absl::Status status = AllowSockets(plans->size()); !status.ok()) return status;
  if (absl::Status status = GiveCertificates(options.pki, *plans); !status.ok()) return status;

  StopOnSignals();
  simulate::FleetOptions fleet;
  fleet.window = options.window;
  fleet.threads = options.threads;
  fleet.patience_s = options.patience;
  fleet.seed = options.seed;
  const bool on_terminal = isatty(STDERR_FILENO) != 0;
  auto tally = simulate::RunFleet(*std::move(plans), *endpoint, options.pki + "/ca.crt", fleet,
                                  stop_requested, on_terminal ? ShowProgress : nullptr);
  if (on_terminal) fmt::print(stderr, "\r\033[K");
  if (tally.ok()) tally->Merge(local);
  return tally;
}

}  // namespace

int Simulate(const SimulateOptions& options) {
  const absl::StatusOr<simulate::Tally> tally = RunSimulation(options);
  if (!tally.ok()) {
    fmt::print(stderr, "sluice simulate: {}\n", std::string(tally.status().message()));
    return kExitUsage;
  }
  fmt::print("{}", simulate::Summary(*tally));
  if (tally->connected == 0)
    fmt::print(stderr, "sluice simulate: no device could connect to {}\n", options.to);
  return simulate::Complete(*tally) && tally->connected > 0 ? kExitFine : kExitNo;
}

}  // namespace sluice::commands
