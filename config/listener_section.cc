// gateway, listeners and operate: what the process is and where it listens.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "config/sections.h"
#include "config/types.h"
#include "config/value.h"

namespace sluice::config {
namespace {

constexpr std::string_view kTlsVersions[] = {"1.2", "1.3"};
constexpr std::string_view kLogLevels[] = {"debug", "info", "warn", "error"};
constexpr std::string_view kLogFormats[] = {"text", "json"};

std::optional<Address> ReadAddress(Reader& reader, const YamlNode& node, const std::string& key) {
  const std::string* const text = reader.Text(node, key);
  if (text == nullptr) return std::nullopt;
  reader.diagnostics().Remember(key, node.place);
  std::optional<Address> address = ParseAddress(*text);
  if (!address) {
    reader.diagnostics().Error(node.place, key,
                               fmt::format("'{}' is no address with a port", *text),
                               "write 127.0.0.1:8883, [::1]:8883, or :8883 for every interface");
  }
  return address;
}

void SetListenerAddress(Reader& reader, const OptionInfo&, const YamlNode& node,
                        const std::string& key, ListenerOptions& into) {
  const std::optional<Address> address = ReadAddress(reader, node, key);
  if (!address) return;
  into.host = address->host;
  into.port = address->port;
  into.address = node.text;
}

void SetHttp(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
             OperateOptions& into) {
  const std::optional<Address> address = ReadAddress(reader, node, key);
  if (!address) return;
  into.http_host = address->host;
  into.http_port = address->port;
  into.http = true;
}

void SetLogFormat(Reader& reader, const OptionInfo& info, const YamlNode& node,
                  const std::string& key, OperateOptions& into) {
  std::string format = "text";
  reader.Read(info.type, node, key, format);
  into.log_json = format == "json";
}

constexpr Row<GatewayOptions> kGatewayRows[] = {
    {{"name", kText, "", "What this gateway calls itself in logs; default: the host's name"},
     Set<&GatewayOptions::name>},
    {{"workers", Integer(0, 256), "0", "Threads that serve connections; 0: one a core"},
     Set<&GatewayOptions::workers>},
    {{"state", kPath, "/var/lib/sluice", "Folder for what must outlive a restart"},
     Set<&GatewayOptions::state>},
    {{"max_memory", Size(kMiB, 1024 * kGiB), "256MiB",
      "Most bytes of accepted messages that wait for an output; beyond it acknowledgements are "
      "held back"},
     Set<&GatewayOptions::max_memory>},
};

constexpr Row<TlsOptions> kTlsRows[] = {
    {{.name = "certificate",
      .type = kPath,
      .fallback = "",
      .about = "PEM file: the gateway's certificate, then its intermediates"},
     Set<&TlsOptions::certificate>},
    {{.name = "key",
      .type = kPath,
      .fallback = "",
      .about = "PEM file: the certificate's private key"},
     Set<&TlsOptions::key>},
    {{.name = "client_ca",
      .type = kPath,
      .fallback = "",
      .about = "PEM file: the CAs whose devices may connect",
      .required = true},
     Set<&TlsOptions::client_ca>},
    {{"min_version", Choice(kTlsVersions), "1.2", "Oldest TLS version accepted"},
     Set<&TlsOptions::min_version>},
    {{"edge", kBool, "false",
      "As an IoT Edge module: certificate and key by the runtime, renewed ahead of time, in place "
      "of the files"},
     Set<&TlsOptions::edge>},
    {{"server_name", kText, "",
      "With edge: the name or address that devices dial; default: IOTEDGE_GATEWAYHOSTNAME"},
     Set<&TlsOptions::server_name>},
    Later<TlsOptions>("crl", "a list of revoked certificates"),
};
const SectionInfo& TlsSection() {
  static const SectionInfo section =
      Describe<TlsOptions>("tls", "TLS: devices must show a certificate of client_ca", kTlsRows);
  return section;
}

// A certificate comes from files, or from the runtime.
void SetTls(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
            ListenerOptions& into) {
  TlsOptions& tls = into.tls;
  ReadSection<TlsOptions>(reader, node, key, kTlsRows, tls);
  if (node.kind != YamlNode::Kind::kMap) return;
  const auto has = [&](std::string_view name) {
    return std::any_of(node.members.begin(), node.members.end(),
                       [&](const Member& member) { return member.name.text == name; });
  };
  for (const char* name : {"certificate", "key"}) {
    if (tls.edge && has(name)) {
      reader.diagnostics().Error(node.place, key, fmt::format("has both edge and {}", name),
                                 "with edge the runtime gives certificate and key");
    } else if (!tls.edge && !has(name)) {
      reader.diagnostics().Error(node.place, key, fmt::format("key '{}' is missing", name),
                                 "a PEM file; or, in an IoT Edge module, edge: true");
    }
  }
  if (!tls.edge && has("server_name"))
    reader.diagnostics().Error(node.place, key, "has a server_name without edge: true");
}

constexpr Row<LimitOptions> kLimitRows[] = {
    {{"connections", Integer(1, 1'000'000), "10_000", "Most connections at a time"},
     Set<&LimitOptions::connections>},
    {{"handshakes", Integer(1, 100'000), "256", "Most TLS handshakes at a time"},
     Set<&LimitOptions::handshakes>},
    {{"connect_deadline", Duration(100, 10 * kMinute), "10s", "From accept to CONNECT, at most"},
     Set<&LimitOptions::connect_deadline>},
    {{"packet_bytes", Size(128, 255 * kMiB), "260KiB", "Largest MQTT packet"},
     Set<&LimitOptions::packet_bytes>},
    {{"topic_bytes", Size(1, 65535), "1KiB", "Longest topic"}, Set<&LimitOptions::topic_bytes>},
    {{"topic_levels", Integer(1, 65535), "32", "Most levels of a topic"},
     Set<&LimitOptions::topic_levels>},
    {{"receive_maximum", Integer(1, 65535), "64",
      "QoS 1 and 2 messages of a device that may wait for their acknowledgement"},
     Set<&LimitOptions::receive_maximum>},
    {{"max_keep_alive", Duration(kSecond, 65535 * kSecond), "1h",
      "A device that asks for a longer keep-alive, or none, gets this one"},
     Set<&LimitOptions::max_keep_alive>},
};
const SectionInfo& LimitSection() {
  static const SectionInfo section =
      Describe<LimitOptions>("limits", "Caps on what a stranger can spend", kLimitRows);
  return section;
}

constexpr Row<ListenerOptions> kListenerRows[] = {
    {{.name = "address",
      .type = kAddress,
      .fallback = "",
      .about = "IP address and port, such as 127.0.0.1:8883; port 0 picks one",
      .required = true},
     SetListenerAddress},
    {{.name = "tls",
      .type = Section(TlsSection),
      .fallback = "",
      .about = "certificate, key, client_ca",
      .required = true},
     SetTls},
    {{"limits", Section(LimitSection), "", "Caps on what a stranger can spend"},
     SetSection<&ListenerOptions::limits, kLimitRows>},
    Later<ListenerOptions>("websocket", "MQTT over WebSocket"),
    Later<ListenerOptions>("auth", "devices that authenticate by SAS token"),
    Later<ListenerOptions>("bans", "banning certificates and slowing addresses"),
    Later<ListenerOptions>("rates", "rate limits for each device"),
};

constexpr Row<OperateOptions> kOperateRows[] = {
    {{"http", kAddress, "", "IP address and port of /metrics and /healthz; absent: none"}, SetHttp},
    {{"log_level", Choice(kLogLevels), "info", "Least severity that is logged"},
     Set<&OperateOptions::log_level>},
    {{"log_format", Choice(kLogFormats), "text", "text, or one JSON object a line"}, SetLogFormat},
    Later<OperateOptions>("alerts", "alerts on the gateway's own events"),
    Later<OperateOptions>("webhook", "alerts to a webhook"),
    Later<OperateOptions>("audit", "an audit trail of security events"),
};

}  // namespace

void SetGateway(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                Config& into) {
  ReadSection<GatewayOptions>(reader, node, key, kGatewayRows, into.gateway);
}

void SetListeners(Reader& reader, const OptionInfo& info, const YamlNode& node,
                  const std::string& key, Config& into) {
  SetSections<&Config::listeners, kListenerRows>(reader, info, node, key, into);
  if (node.kind == YamlNode::Kind::kList && node.items.empty()) {
    reader.diagnostics().Error(node.place, key, "no listener, so no device can connect");
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < into.listeners.size(); ++i) {
    const ListenerOptions& listener = into.listeners[i];
    if (listener.port == 0 || seen.insert(listener.address).second) continue;
    reader.diagnostics().Error(node.items[i].place, Join(key, i) + ".address",
                               fmt::format("{} is another listener's address", listener.address));
  }
}

void SetOperate(Reader& reader, const OptionInfo&, const YamlNode& node, const std::string& key,
                Config& into) {
  ReadSection<OperateOptions>(reader, node, key, kOperateRows, into.operate);
}

void LayOverLimits(Reader& reader, const YamlNode& node, Config& into) {
  const size_t errors = reader.diagnostics().errors();
  for (ListenerOptions& listener : into.listeners) {
    ReadSection<LimitOptions>(reader, node, "limits", kLimitRows, listener.limits);
    if (reader.diagnostics().errors() > errors) return;  // the same of every listener
  }
}

void LayOverLogLevel(Reader& reader, const YamlNode& node, Config& into) {
  reader.Read(Choice(kLogLevels), node, "log_level", into.operate.log_level);
}

const SectionInfo& GatewaySection() {
  static const SectionInfo section =
      Describe<GatewayOptions>("gateway", "The process itself", kGatewayRows);
  return section;
}
const SectionInfo& ListenerSection() {
  static const SectionInfo section =
      Describe<ListenerOptions>("listener", "Where devices connect", kListenerRows);
  return section;
}
const SectionInfo& OperateSection() {
  static const SectionInfo section =
      Describe<OperateOptions>("operate", "Watching the gateway", kOperateRows);
  return section;
}

}  // namespace sluice::config
