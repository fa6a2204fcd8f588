// IoT Edge's workload API as edgeAgent's daemon serves it to modules (edge-module.md, section 2):
// signatures, certificates, the trust bundle.
//
// Not played: encrypt and decrypt. What the daemon does by process id (403 for a foreign one) is a
// fault to be ordered: {"op":"fault","kind":"workload","status":403}. Keys are EC P-256, not
// RSA 2048.
#pragma once

#include <string>
#include <string_view>

#include "tests/devhub/http_request.h"
#include "tests/devhub/hub.h"
#include "tests/devhub/registry.h"

namespace sluice::devhub {

class Workload {
 public:
  // `folder` holds ca.crt, and ca.key to issue certificates. The hub must outlive it.
  Workload(Hub& hub, std::string folder) : hub_(hub), folder_(std::move(folder)) {}

  // A whole HTTP response.
  std::string Answer(const HttpRequest& request);

  // What a module finds in its environment (section 1), a NAME=value a line. `gateway` is the name
  // to dial, with the port if it is not 8883.
  std::string Environment(const Device& module, std::string_view gateway) const;

 private:
  struct Result {
    int status = 200;
    std::string json;
  };

  Result Judge(const HttpRequest& request);
  Result ForModule(const HttpRequest& request, const Device& module, std::string_view operation);
  Result Sign(const Device& module, std::string_view body) const;
  Result Certificate(const Device& module, std::string_view body, bool is_server) const;
  Result TrustBundle() const;
  Result Modules() const;

  Hub& hub_;
  const std::string folder_;
};

// The identity's generation: the same as long as its name is.
std::string GenerationId(const Identity& identity);

}  // namespace sluice::devhub
