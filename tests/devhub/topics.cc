#include "tests/devhub/topics.h"

#include <algorithm>

namespace sluice::devhub {
namespace {

enum class For { kDevices, kModules, kBoth };

struct PublishRow {
  std::string_view prefix;
  For whom;
  bool in_basic_tier;
  PublishKind kind;
};
constexpr PublishRow kPublishes[] = {
    {"devices/{d}/messages/events/", For::kDevices, true, PublishKind::kTelemetry},
    {"devices/{d}/modules/{m}/messages/events/", For::kModules, true, PublishKind::kTelemetry},
    {"$iothub/twin/GET/", For::kBoth, false, PublishKind::kTwinGet},
    {"$iothub/twin/PATCH/properties/reported/", For::kBoth, false, PublishKind::kTwinReport},
    {"$iothub/methods/res/", For::kBoth, false, PublishKind::kMethodResult},
};

struct FilterRow {
  std::string_view filter;
  For whom;
  bool in_basic_tier;
  bool at_hub = true;  // else at edgeHub alone
};
constexpr FilterRow kFilters[] = {
    {"devices/{d}/messages/devicebound/#", For::kDevices, false},
    {"devices/{d}/modules/{m}/#", For::kModules, true},
    {"devices/{d}/modules/{m}/inputs/#", For::kModules, true, false},  // as Azure's Node SDK asks
    {"$iothub/methods/POST/#", For::kBoth, false},
    {"$iothub/twin/res/#", For::kBoth, false},
    {"$iothub/twin/PATCH/properties/desired/#", For::kBoth, false},
};

std::string Fill(std::string_view pattern, const Identity& identity) {
  std::string text(pattern);
  const size_t device = text.find("{d}");
  if (device != text.npos) text.replace(device, 3, identity.device);
  const size_t module = text.rfind("{m}");
  if (module != text.npos && pattern.find("{m}") != pattern.npos)
    text.replace(module, 3, identity.module);
  return text;
}

template <typename Row>
bool Holds(const Row& row, const Identity& identity, bool basic_tier) {
  const For own = identity.module.empty() ? For::kDevices : For::kModules;
  return (row.whom == For::kBoth || row.whom == own) && (row.in_basic_tier || !basic_tier);
}

}  // namespace

Topics::Topics(const Identity& identity, bool basic_tier, bool is_edge_hub)
    : is_edge_hub_(is_edge_hub) {
  for (const PublishRow& row : kPublishes) {
    if (Holds(row, identity, basic_tier))
      publishes_.push_back({Fill(row.prefix, identity), row.kind});
  }
  for (const FilterRow& row : kFilters) {
    if (!row.at_hub && !is_edge_hub) continue;
    if (Holds(row, identity, basic_tier)) filters_.push_back(Fill(row.filter, identity));
  }
}

// A telemetry topic's rest is a bag, which is one topic level.
bool Topics::Fits(const Prefix& prefix, std::string_view* rest) const {
  if (prefix.kind != PublishKind::kTelemetry) return true;
  if (is_edge_hub_ && rest->ends_with('/')) rest->remove_suffix(1);
  return rest->find('/') == rest->npos;
}

std::optional<PublishKind> Topics::MatchPublish(std::string_view topic,
                                                std::string_view* rest) const {
  for (const Prefix& prefix : publishes_) {
    const std::string_view without_slash(prefix.text.data(), prefix.text.size() - 1);
    if (is_edge_hub_ && prefix.kind == PublishKind::kTelemetry && topic == without_slash) {
      *rest = {};
      return prefix.kind;
    }
    if (!topic.starts_with(prefix.text)) continue;
    *rest = topic.substr(prefix.text.size());
    return Fits(prefix, rest) ? std::optional(prefix.kind) : std::nullopt;
  }
  return std::nullopt;
}

bool Topics::MaySubscribe(std::string_view filter) const {
  return std::find(filters_.begin(), filters_.end(), filter) != filters_.end();
}

}  // namespace sluice::devhub
