// What a gateway that runs as an IoT Edge module asks of the runtime: logins at edgeHub, and server
// certificates for its listeners.
//
// There is one only where the configuration says `edge: true` somewhere.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "config/config.h"
#include "edge/certificate_keeper.h"
#include "edge/module_environment.h"
#include "gateway/credentials/login.h"

namespace sluice::commands {

// Whether any part of it is the runtime's to give.
bool UsesEdge(const config::Config& config);

class EdgeModule {
 public:
  // By this process's environment; an error names what is missing in it. Begins to ask for the
  // certificates of the listeners.
  static absl::StatusOr<std::unique_ptr<EdgeModule>> Create(const config::Config& config);

  // Of the output, which leaves by `$.on` with its name.
  std::unique_ptr<credentials::LoginSource> NewLogin(const config::OutputOptions& output,
                                                     const std::string& state_folder) const;

  // Of a listener that Create() knew. Waits for the first; null: `give_up` said so.
  std::shared_ptr<const edge::ServerCertificate> CertificateFor(
      const config::TlsOptions& tls, const std::function<bool()>& give_up);

  // After each renewal, on a thread of its own, until StopRenewing() returns.
  void NotifyOfRenewals(const std::function<void()>& renewed);
  void StopRenewing();

 private:
  explicit EdgeModule(edge::ModuleEnvironment module) : module_(std::move(module)) {}
  std::string NameOf(const config::TlsOptions& tls) const;

  const edge::ModuleEnvironment module_;
  // By name; all are made by Create() and stay.
  std::map<std::string, std::unique_ptr<edge::CertificateKeeper>> keepers_;
};

}  // namespace sluice::commands
