#include "gateway/commands/edge_module.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <utility>

#include "edge/module_login.h"
#include "edge/transport.h"
#include "gateway/commands/state_file.h"
#include "gateway/credentials/build_info.h"

namespace sluice::commands {
namespace {

constexpr char kTrustFile[] = "/edge-trust-bundle.pem";

}  // namespace

bool UsesEdge(const config::Config& config) {
  return std::any_of(config.listeners.begin(), config.listeners.end(),
                     [](const config::ListenerOptions& each) { return each.tls.edge; }) ||
         std::any_of(config.outputs.begin(), config.outputs.end(),
                     [](const config::OutputOptions& each) { return each.edge; });
}

absl::StatusOr<std::unique_ptr<EdgeModule>> EdgeModule::Create(const config::Config& config) {
  absl::StatusOr<edge::ModuleEnvironment> module =
      edge::ReadModuleEnvironment([](const char* name) { return std::getenv(name); });
  if (!module.ok()) return module.status();
  std::unique_ptr<EdgeModule> made(new EdgeModule(*std::move(module)));
  for (const config::ListenerOptions& listener : config.listeners) {
    if (!listener.tls.edge) continue;
    const std::string name = made->NameOf(listener.tls);
    std::unique_ptr<edge::CertificateKeeper>& keeper = made->keepers_[name];
    if (keeper != nullptr) continue;
    edge::CertificateRenewal::Options options;
    options.common_name = name;
    keeper = std::make_unique<edge::CertificateKeeper>(
        made->module_, std::move(options),
        std::make_unique<edge::SocketTransport>(made->module_.workload_api));
  }
  return made;
}

std::string EdgeModule::NameOf(const config::TlsOptions& tls) const {
  return tls.server_name.empty() ? module_.gateway_host : tls.server_name;
}

std::unique_ptr<credentials::LoginSource> EdgeModule::NewLogin(
    const config::OutputOptions& output, const std::string& state_folder) const {
  edge::ModuleLogin::Options options;
  options.module = module_;
  options.output = output.name;
  options.token_lifetime = output.sas_lifetime;
  options.product = credentials::Product();
  options.not_before = credentials::BuildTime();
  options.trust_file = state_folder + kTrustFile;
  options.write_file = WriteStateFile;
  return std::make_unique<edge::ModuleLogin>(
      std::move(options), std::make_unique<edge::SocketTransport>(module_.workload_api));
}

std::shared_ptr<const edge::ServerCertificate> EdgeModule::CertificateFor(
    const config::TlsOptions& tls, const std::function<bool()>& give_up) {
  const auto keeper = keepers_.find(NameOf(tls));
  assert(keeper != keepers_.end());
  return keeper->second->Wait(give_up);
}

void EdgeModule::NotifyOfRenewals(const std::function<void()>& renewed) {
  for (const auto& [name, keeper] : keepers_) keeper->NotifyOfRenewals(renewed);
}

void EdgeModule::StopRenewing() {
  for (const auto& [name, keeper] : keepers_) keeper->Stop();
}

}  // namespace sluice::commands
