// The topics the hub knows, and nothing else: it is no general broker (sheet, sections 1, 6 and 7).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/devhub/identity.h"

namespace sluice::devhub {

inline constexpr size_t kMostSubscriptions = 5;

// What a client publishes, by topic.
enum class PublishKind { kTelemetry, kTwinGet, kTwinReport, kMethodResult };

// The rows of the tables that hold for one identity on one tier, with its ids filled in.
class Topics {
 public:
  // edgeHub takes telemetry without the slash before the bag and with one behind it, too
  // (sections 6 and 15).
  Topics(const Identity& identity, bool basic_tier, bool is_edge_hub = false);

  // Nothing if the hub does not know the topic. `*rest` gets what follows the row's prefix: a bag,
  // or `?$rid=...`.
  std::optional<PublishKind> MatchPublish(std::string_view topic, std::string_view* rest) const;

  // Filters are compared whole: + and parts of a listed filter are not supported.
  bool MaySubscribe(std::string_view filter) const;

 private:
  struct Prefix {
    std::string text;
    PublishKind kind;
  };
  bool Fits(const Prefix& prefix, std::string_view* rest) const;

  const bool is_edge_hub_;
  std::vector<Prefix> publishes_;
  std::vector<std::string> filters_;
};

}  // namespace sluice::devhub
