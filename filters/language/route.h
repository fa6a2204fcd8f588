// IoT Edge route strings: [SELECT *] FROM source [WHERE condition] INTO sink
// (azure/routing-query.md section 11).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/language/diagnostic.h"

namespace sluice::language {

struct Route {
  enum class Sink { kUpstream, kBrokeredEndpoint };

  std::vector<std::string> source;  // segments, "*" included: {"messages", "*"}
  std::string condition;            // empty: none was written, which means true
  size_t condition_offset = 0;      // into the route's text, for diagnostics of the condition
  Sink sink = Sink::kUpstream;
  std::string module;  // of a brokered endpoint
  std::string input;
  size_t sink_offset = 0;
  size_t sink_length = 0;
};

// Nothing if, and only if, `*diagnostics` got an error. The condition is not compiled here.
std::optional<Route> ParseRoute(std::string_view text, Diagnostics* diagnostics);

// Whether a route takes messages of this source ("/messages/modules/m/outputs/o/"): prefix by
// segment, ignoring case.
bool SourceMatches(const Route& route, std::string_view message_source);

}  // namespace sluice::language
