// sluice-devhub: the command line and the wiring. The only file here that includes CLI11.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "tests/devhub/clock.h"
#include "tests/devhub/config_file.h"
#include "tests/devhub/dps.h"
#include "tests/devhub/hub.h"
#include "tests/devhub/message_log.h"
#include "tests/devhub/registry.h"
#include "tests/devhub/server.h"
#include "tests/devhub/tls.h"
#include "tests/devhub/workload.h"

namespace sluice::devhub {
namespace {

void Log(const std::string& line) { fmt::print(stderr, "sluice-devhub: {}\n", line); }

int Fail(const absl::Status& status) {
  Log("error: " + std::string(status.message()));
  return 1;
}

// Each client is a descriptor.
void RaiseDescriptorLimit() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// What `docker run --env-file` would give each module: DIR/MODULE.env.
absl::Status WriteEnvironments(const Registry& registry, const Workload& workload,
                               const std::string& folder, const std::string& address) {
  if (!registry.is_edge_hub()) return absl::OkStatus();
  std::string gateway = registry.edge_hub()->gateway_host_name;
  const std::string port = address.substr(address.rfind(':'));
  if (port != ":8883" && gateway.find(':') == gateway.npos) gateway += port;
  for (const Device* module : registry.EdgeModules()) {
    const std::string path = fmt::format("{}/{}.env", folder, module->identity.module);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << workload.Environment(*module, gateway);
    if (!file.flush()) return absl::PermissionDeniedError(path + ": cannot be written");
  }
  return absl::OkStatus();
}

int Serve(const std::string& folder, const std::string& address, uint16_t port,
          std::optional<uint16_t> dps_port) {
  ConfigFile<Registry> file(folder + "/devices.json", Log);
  absl::StatusOr<Registry> registry = file.Load();
  if (!registry.ok()) return Fail(registry.status());
  const absl::StatusOr<Tls> tls = Tls::Load(folder);
  if (!tls.ok()) return Fail(tls.status());
  if (registry->HasCaSignedDevices() && !tls->has_ca()) {
    Log(fmt::format("warning: {0}/ca.crt is missing: identities with caSigned cannot connect",
                    folder));
  }
  size_t cut_bytes = 0;
  absl::StatusOr<MessageLog> log = MessageLog::Open(folder + "/messages.jsonl", &cut_bytes);
  if (!log.ok()) return Fail(log.status());
  if (cut_bytes > 0)
    Log(fmt::format("messages.jsonl: cut {} bytes of a line that was never acknowledged",
                    cut_bytes));

  const SystemClock clock;
  Hub hub(clock, *std::move(registry), *std::move(log), Log);
  ConfigFile<DpsConfig> dps_file(folder + "/dps.json", Log);
  std::optional<Dps> dps;
  if (dps_file.exists() || dps_port) {
    absl::StatusOr<DpsConfig> config = dps_file.Load();
    if (!config.ok()) return Fail(config.status());
    dps.emplace(hub, *std::move(config));
    hub.set_dps(&*dps);
  }
  const auto read_again = [&](bool force) {
    if (dps) {
      if (auto changed = dps_file.LoadIfChanged(force)) dps->SetConfig(*std::move(changed));
    }
    return file.LoadIfChanged(force);
  };
  hub.set_registry_source([&] { return read_again(false); });
  Workload workload(hub, folder);
  Server::Options options{
      address, port, dps_port, folder + "/control.sock", folder + "/workload.sock", [&] {
        if (auto changed = read_again(true)) hub.SetRegistry(*std::move(changed));
      }};
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(
      std::move(options), hub, *tls, hub.registry().is_edge_hub() ? &workload : nullptr);
  if (!server.ok()) return Fail(server.status());
  absl::Status written = WriteEnvironments(hub.registry(), workload, folder, (*server)->address());
  if (!written.ok()) return Fail(written);
  fmt::print("sluice-devhub: ready, listening on {}\n", (*server)->address());
  if (dps_port) fmt::print("sluice-devhub: dps on {}\n", (*server)->dps_address());
  std::fflush(stdout);
  (*server)->Run();
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app{"sluice-devhub: a stand-in for IoT Hub's device endpoint, as strict as the hub",
               "sluice-devhub"};
  std::string folder;
  std::string address = "127.0.0.1";
  uint16_t port = 8884;  // beside a gateway, which listens on 8883
  app.add_option("--dir", folder,
                 "Folder with devices.json, server.crt, server.key and ca.crt; messages.jsonl and "
                 "control.sock are made there")
      ->required();
  app.add_option("--port", port, "Port to listen on; 0 picks one")->capture_default_str();
  std::optional<uint16_t> dps_port;
  app.add_option("--dps-port", dps_port,
                 "Port for the Device Provisioning Service alone (dps.json); without it the hub's "
                 "port serves both, by user name");
  app.add_option("--address", address, "Numeric address to listen on")->capture_default_str();
  app.footer(
      "devices.json is read again when it changes, and on SIGHUP. Each accepted message becomes a "
      "line of\n"
      "messages.jsonl; each refusal is a line on stderr, named as the hub's log names it. Try\n"
      "  echo '{\"op\":\"stats\"}' | nc -UN DIR/control.sock");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  RaiseDescriptorLimit();
  return Serve(folder, address, port, dps_port);
}

}  // namespace
}  // namespace sluice::devhub

// What nobody catches ends the program with its message. NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return sluice::devhub::Main(argc, argv); }
