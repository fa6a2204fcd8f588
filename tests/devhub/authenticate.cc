#include "tests/devhub/authenticate.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/devhub/sas_token.h"
#include "tests/devhub/text.h"
#include "tests/devhub/user_name.h"

namespace sluice::devhub {
namespace {

Refusal BadUserName(std::string why) {
  return {mqtt::Reason::kBadUserNameOrPassword, kBadUserName, std::move(why)};
}
Refusal Unauthorized(std::string why) {
  return {mqtt::Reason::kNotAuthorized, kUnauthorized, std::move(why)};
}

std::string AuthMethod(const Identity& identity, std::string_view type, bool by_policy) {
  const std::string_view scope = by_policy ? "hub" : identity.module.empty() ? "device" : "module";
  return fmt::format(R"({{"scope":"{}","type":"{}","issuer":"iothub"}})", scope, type);
}

// The keys a token may be signed with; null and a reason if there are none.
const std::vector<std::string>* KeysFor(const Registry& registry, const Device& device,
                                        const SasToken& token, std::string* why) {
  if (token.policy.empty()) {
    if (!device.keys.empty()) return &device.keys;
    *why = "a token, but the identity has no key: it is an X.509 identity";
    return nullptr;
  }
  const Policy* policy = registry.FindPolicy(token.policy);
  if (policy == nullptr || !policy->device_connect) {
    *why = fmt::format("token of policy \"{}\", which is not configured or lacks DeviceConnect",
                       Printable(token.policy));
    return nullptr;
  }
  return &policy->keys;
}

std::variant<Admission, Refusal> ByToken(const Registry& registry, const Device& device,
                                         std::string_view password, int64_t now_s) {
  const absl::StatusOr<SasToken> token = ParseSasToken(password);
  if (!token.ok()) return Unauthorized(std::string(token.status().message()));
  std::string host;
  if (!CoversIdentity(*token, device.identity, &host)) {
    return Unauthorized(
        fmt::format("token for \"{}\" does not cover this identity", Printable(token->resource)));
  }
  if (!registry.IsHost(host))
    return Unauthorized(fmt::format("token for host \"{}\"", Printable(host)));
  std::string why;
  const std::vector<std::string>* keys = KeysFor(registry, device, *token, &why);
  if (keys == nullptr) return Unauthorized(why);
  if (std::none_of(keys->begin(), keys->end(),
                   [&](const std::string& key) { return IsSignedBy(*token, key); })) {
    return Unauthorized("wrong key: the signature is of neither the primary nor the secondary key");
  }
  if (token->expiry <= now_s)
    return Unauthorized(fmt::format("token expired {} s ago", now_s - token->expiry));
  return Admission{device.identity, AuthMethod(device.identity, "sas", !token->policy.empty()), "",
                   token->expiry};
}

std::variant<Admission, Refusal> ByCertificate(const Device& device, const PeerCertificate& peer) {
  if (!peer.present) return Unauthorized("neither a password nor a client certificate");
  Admission admission{device.identity, AuthMethod(device.identity, "x509", false), "", 0};
  for (const std::string& thumbprint : device.thumbprints) {
    if (thumbprint == peer.sha1 || thumbprint == peer.sha256) return admission;
  }
  if (!device.ca_signed) {
    return Unauthorized(device.thumbprints.empty()
                            ? "a certificate, but the identity has keys alone"
                            : "wrong thumbprint: " + peer.sha256);
  }
  if (!peer.chains_to_ca) return Unauthorized("the certificate does not chain to ca.crt");
  // Section 5: byte for byte, `d/m` for a module.
  if (peer.common_name != device.identity.ClientId()) {
    return Unauthorized(fmt::format("the certificate's CN \"{}\" is not the identity",
                                    Printable(peer.common_name)));
  }
  return admission;
}

}  // namespace

std::variant<Admission, Refusal> Authenticate(const Registry& registry,
                                              const mqtt::ConnectView& connect,
                                              const PeerCertificate& peer, int64_t now_s) {
  if (!connect.user_name) return BadUserName("no user name");
  const absl::StatusOr<UserName> user = ParseUserName(*connect.user_name);
  if (!user.ok()) return BadUserName(std::string(user.status().message()));
  if (connect.client_id != user->identity.ClientId()) {
    return Refusal{
        mqtt::Reason::kClientIdentifierNotValid, kBadClientId,
        fmt::format("the user name is for \"{}\"", Printable(user->identity.ClientId()))};
  }
  // edgeHub ignores the first segment (section 15).
  if (!registry.is_edge_hub() && !registry.IsHost(user->host)) {
    return Unauthorized(fmt::format("host \"{}\" is not this hub, {}", Printable(user->host),
                                    registry.host_name()));
  }
  const Device* device = registry.Find(user->identity);
  if (device == nullptr) return Unauthorized("unknown identity");

  if (registry.is_edge_hub() && !connect.password && !device->identity.module.empty() &&
      device->identity.device != registry.edge_hub()->device_id) {
    return Unauthorized("a module of a downstream device by certificate: keys only (section 15)");
  }

  std::variant<Admission, Refusal> result =
      connect.password ? ByToken(registry, *device, *connect.password, now_s)
                       : ByCertificate(*device, peer);
  // Only who has shown a credential learns that the identity is disabled.
  Admission* admission = std::get_if<Admission>(&result);
  if (admission == nullptr) return result;
  if (!device->enabled)
    return Refusal{mqtt::Reason::kNotAuthorized, kDeviceDisabled, "the identity is disabled"};
  admission->model_id = user->model_id;
  return result;
}

}  // namespace sluice::devhub
