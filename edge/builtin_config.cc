#include "edge/builtin_config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "gateway/credentials/hub_identity.h"

namespace sluice::edge {
namespace {

constexpr Setting kClientCa = {
    "SLUICE_CLIENT_CA", nullptr,
    "CAs whose devices may connect: a PEM file in the container, or the PEM text itself"};
constexpr Setting kPublish = {"SLUICE_PUBLISH", "{device}/#",
                              "topics that devices may publish to, blanks between them; {device} "
                              "is the name in the device's certificate"};
constexpr Setting kServerName = {"SLUICE_SERVER_NAME", "",
                                 "what devices dial; else IOTEDGE_GATEWAYHOSTNAME"};
constexpr Setting kListen = {"SLUICE_LISTEN", ":8883", "where devices connect"};
constexpr Setting kHttp = {"SLUICE_HTTP", ":9600", "/metrics, /healthz and /readyz"};
constexpr Setting kLog = {"SLUICE_LOG", "info", "debug, info, warn or error"};
constexpr Setting kState = {"SLUICE_STATE", "/data",
                            "folder for what must outlive a restart: mount one"};
constexpr Setting kDesired = {"SLUICE_DESIRED", "rules log_level",
                              "sections that the module's twin may replace, of rules devices "
                              "limits log_level; none: nothing"};
constexpr Setting kMethods = {"SLUICE_METHODS", "ping stats explain",
                              "methods that are answered, besides these reload kick drain; none: "
                              "nothing"};
constexpr Setting kSettings[] = {kClientCa, kPublish, kServerName, kListen, kHttp,
                                 kLog,      kState,   kDesired,    kMethods};

// A JSON string is a YAML scalar, whatever stands in it.
std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string ValueOf(const Setting& setting, const Environment& environment) {
  const char* const value = environment(setting.name);
  if (value != nullptr && *value != '\0') return value;
  return setting.fallback == nullptr ? "" : setting.fallback;
}

// "none" is no word.
std::string ListOf(const std::string& words) {
  std::istringstream in(words);
  std::string list;
  for (std::string word; in >> word;) {
    if (word != "none") list += (list.empty() ? "" : ", ") + Quoted(word);
  }
  return "[" + list + "]";
}

}  // namespace

std::span<const Setting> Settings() { return kSettings; }

absl::StatusOr<BuiltInConfig> MakeBuiltInConfig(const ModuleEnvironment& module,
                                                const Environment& environment) {
  const auto value = [&](const Setting& setting) { return ValueOf(setting, environment); };
  BuiltInConfig config;
  std::string client_ca = value(kClientCa);
  if (client_ca.empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "{} is not set: it says whose devices may connect ({}). Or name a whole configuration by "
        "SLUICE_CONFIG",
        kClientCa.name, kClientCa.about));
  }
  if (client_ca.find("-----BEGIN") != std::string::npos) {
    config.client_ca_file = value(kState) + "/client-ca.pem";
    config.client_ca_pem = std::exchange(client_ca, config.client_ca_file);
  }
  std::string tls = "edge: true, client_ca: " + Quoted(client_ca);
  if (const std::string name = value(kServerName); !name.empty())
    tls += ", server_name: " + Quoted(name);
  config.yaml = fmt::format(
      "gateway: {{name: {}, state: {}}}\n"
      "listeners:\n"
      "  - address: {}\n"
      "    tls: {{{}}}\n"
      "devices: {{publish: {}}}\n"
      "rules: {{default: forward}}\n"
      "outputs: {{hub: {{type: iothub, edge: true}}}}\n"
      "cloud: {{output: hub, desired: {}, methods: {}}}\n"
      "operate: {{http: {}, log_level: {}}}\n",
      Quoted(credentials::ClientId(module.identity)), Quoted(value(kState)), Quoted(value(kListen)),
      tls, ListOf(value(kPublish)), ListOf(value(kDesired)), ListOf(value(kMethods)),
      Quoted(value(kHttp)), Quoted(value(kLog)));
  return config;
}

}  // namespace sluice::edge
