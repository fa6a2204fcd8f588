#include "config/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "config/option.h"

namespace sluice::config {
namespace {

// A key of a section: whether two sections agree on it.
template <typename T>
struct Key {
  std::string_view name;
  bool (*same)(const T&, const T&);
  bool live = false;
};

template <auto kMember>
bool Same(const ClassOf<kMember>& a, const ClassOf<kMember>& b) {
  return a.*kMember == b.*kMember;
}

template <auto kSection, auto kMember>
bool SameIn(const ClassOf<kSection>& a, const ClassOf<kSection>& b) {
  return a.*kSection.*kMember == b.*kSection.*kMember;
}

constexpr bool kLive = true;

constexpr Key<GatewayOptions> kGatewayKeys[] = {
    {"name", Same<&GatewayOptions::name>},
    {"workers", Same<&GatewayOptions::workers>},
    {"state", Same<&GatewayOptions::state>},
    {"max_memory", Same<&GatewayOptions::max_memory>},
};

template <auto kMember>
constexpr auto kSameTls = SameIn<&ListenerOptions::tls, kMember>;
template <auto kMember>
constexpr auto kSameLimit = SameIn<&ListenerOptions::limits, kMember>;

constexpr Key<ListenerOptions> kListenerKeys[] = {
    {"address", Same<&ListenerOptions::address>},
    {"tls.certificate", kSameTls<&TlsOptions::certificate>, kLive},
    {"tls.key", kSameTls<&TlsOptions::key>, kLive},
    {"tls.client_ca", kSameTls<&TlsOptions::client_ca>, kLive},
    {"tls.min_version", kSameTls<&TlsOptions::min_version>, kLive},
    // Whoever renews the certificate knows the name from the start.
    {"tls.edge", kSameTls<&TlsOptions::edge>},
    {"tls.server_name", kSameTls<&TlsOptions::server_name>},
    {"limits.connections", kSameLimit<&LimitOptions::connections>, kLive},
    {"limits.handshakes", kSameLimit<&LimitOptions::handshakes>, kLive},
    {"limits.connect_deadline", kSameLimit<&LimitOptions::connect_deadline>, kLive},
    {"limits.packet_bytes", kSameLimit<&LimitOptions::packet_bytes>, kLive},
    {"limits.topic_bytes", kSameLimit<&LimitOptions::topic_bytes>, kLive},
    {"limits.topic_levels", kSameLimit<&LimitOptions::topic_levels>, kLive},
    // Acknowledgement queues are that long.
    {"limits.receive_maximum", kSameLimit<&LimitOptions::receive_maximum>},
    {"limits.max_keep_alive", kSameLimit<&LimitOptions::max_keep_alive>, kLive},
};

constexpr Key<DeviceOptions> kDeviceKeys[] = {
    {"identity", Same<&DeviceOptions::identity>},
    {"client_id", Same<&DeviceOptions::any_client_id>},
    {"forbidden", Same<&DeviceOptions::disconnect_forbidden>},
    {"publish", Same<&DeviceOptions::publish>, kLive},
    {"subscribe", Same<&DeviceOptions::subscribe>, kLive},
    {"each", Same<&DeviceOptions::each>, kLive},
};

template <auto kMember>
constexpr auto kSamePack = SameIn<&OutputOptions::pack, kMember>;

constexpr Key<OutputOptions> kOutputKeys[] = {
    {"type", Same<&OutputOptions::type>},
    {"ack", Same<&OutputOptions::ack>},
    {"connection_string", Same<&OutputOptions::connection_string>},
    {"connection_string_file", Same<&OutputOptions::connection_string_file>},
    {"edge", Same<&OutputOptions::edge>},
    {"address", Same<&OutputOptions::address>},
    {"client_id", Same<&OutputOptions::client_id>},
    {"username", Same<&OutputOptions::username>},
    {"password", Same<&OutputOptions::password>},
    {"password_file", Same<&OutputOptions::password_file>},
    {"certificate", Same<&OutputOptions::certificate>},
    {"key", Same<&OutputOptions::key>},
    {"dps", Same<&OutputOptions::dps>},
    {"topic", Same<&OutputOptions::topic>},
    {"ca", Same<&OutputOptions::ca>},
    {"pack", kSamePack<&PackOptions::enabled>},
    {"pack.max_bytes", kSamePack<&PackOptions::max_bytes>},
    {"pack.max_delay", kSamePack<&PackOptions::max_delay>},
    {"pack.compress", kSamePack<&PackOptions::compress>},
    {"sas_lifetime", Same<&OutputOptions::sas_lifetime>},
    {"reconnect_max", Same<&OutputOptions::reconnect_max>},
    {"overflow", Same<&OutputOptions::overflow>},
    {"ttl", Same<&OutputOptions::ttl>},
    {"path", Same<&OutputOptions::path>},
};

constexpr Key<SpoolOptions> kSpoolKeys[] = {
    {"max_bytes", Same<&SpoolOptions::max_bytes>},
    {"min_free", Same<&SpoolOptions::min_free>},
    {"overflow", Same<&SpoolOptions::overflow>},
    {"ttl", Same<&SpoolOptions::ttl>},
    {"backlog_share", Same<&SpoolOptions::backlog_share>},
    // Looked at when the gateway starts.
    {"discard", Same<&SpoolOptions::discard>, kLive},
};

constexpr Key<CloudOptions> kCloudKeys[] = {
    {"output", Same<&CloudOptions::output>},
    {"methods", Same<&CloudOptions::methods>},
    {"desired", Same<&CloudOptions::desired>},
    {"report_interval", Same<&CloudOptions::report_interval>},
};

constexpr Key<OperateOptions> kOperateKeys[] = {
    {"http",
     [](const OperateOptions& a, const OperateOptions& b) {
       return a.http == b.http && a.http_host == b.http_host && a.http_port == b.http_port;
     }},
    {"log_level", Same<&OperateOptions::log_level>, kLive},
    {"log_format", Same<&OperateOptions::log_json>, kLive},
};

class Comparer {
 public:
  // A difference that no row names is told by the section's own key: nothing goes unseen.
  template <typename T>
  void Section(const std::string& key, std::span<const Key<T>> keys, const T& before,
               const T& after) {
    const size_t found = changes_.size();
    for (const Key<T>& each : keys) {
      if (!each.same(before, after)) Add(Join(key, each.name), each.live);
    }
    if (changes_.size() == found && !(before == after)) Add(key, false);
  }

  void Add(std::string key, bool live) { changes_.push_back({std::move(key), live}); }
  std::vector<Change> Take() { return std::move(changes_); }

 private:
  std::vector<Change> changes_;
};

void CompareListeners(const Config& before, const Config& after, Comparer& comparer) {
  if (before.listeners.size() != after.listeners.size()) return comparer.Add("listeners", false);
  for (size_t i = 0; i < before.listeners.size(); ++i) {
    comparer.Section<ListenerOptions>(Join("listeners", i), kListenerKeys, before.listeners[i],
                                      after.listeners[i]);
  }
}

const OutputOptions* Find(const std::vector<OutputOptions>& outputs, const std::string& name) {
  const auto at = std::find_if(outputs.begin(), outputs.end(),
                               [&](const OutputOptions& each) { return each.name == name; });
  return at == outputs.end() ? nullptr : &*at;
}

void CompareOutputs(const Config& before, const Config& after, Comparer& comparer) {
  bool same_names = before.outputs.size() == after.outputs.size();
  for (const OutputOptions& output : before.outputs) {
    const OutputOptions* const next = Find(after.outputs, output.name);
    if (next == nullptr) {
      comparer.Add(Join("outputs", output.name), false);
      same_names = false;
    } else {
      comparer.Section<OutputOptions>(Join("outputs", output.name), kOutputKeys, output, *next);
    }
  }
  for (const OutputOptions& output : after.outputs) {
    if (Find(before.outputs, output.name) != nullptr) continue;
    comparer.Add(Join("outputs", output.name), false);
    same_names = false;
  }
  if (!same_names) return;
  // Programs name outputs by their place.
  for (size_t i = 0; i < before.outputs.size(); ++i) {
    if (before.outputs[i].name != after.outputs[i].name) {
      return comparer.Add("outputs (their order)", false);
    }
  }
}

void CompareClouds(const Config& before, const Config& after, Comparer& comparer) {
  if (before.cloud && after.cloud) {
    comparer.Section<CloudOptions>("cloud", kCloudKeys, *before.cloud, *after.cloud);
  } else if (before.cloud != after.cloud) {
    comparer.Add("cloud", false);
  }
}

}  // namespace

std::vector<Change> CompareConfigs(const Config& before, const Config& after) {
  Comparer comparer;
  comparer.Section<GatewayOptions>("gateway", kGatewayKeys, before.gateway, after.gateway);
  CompareListeners(before, after, comparer);
  comparer.Section<DeviceOptions>("devices", kDeviceKeys, before.devices, after.devices);
  if (!(before.rules == after.rules)) comparer.Add("rules", true);
  CompareOutputs(before, after, comparer);
  comparer.Section<SpoolOptions>("spool", kSpoolKeys, before.spool, after.spool);
  CompareClouds(before, after, comparer);
  comparer.Section<OperateOptions>("operate", kOperateKeys, before.operate, after.operate);
  return comparer.Take();
}

}  // namespace sluice::config
