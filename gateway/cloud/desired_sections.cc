#include "gateway/cloud/desired_sections.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "fmt/format.h"

namespace sluice::cloud {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostDepth = 32;  // a hub takes ten levels

bool IsText(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const Json& each) { return each.is_string(); });
}

// Of the shape that a file has, or text.
std::string YamlOf(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!IsText(value)) return value.dump(2);
  std::string text;
  for (const Json& each : value) {
    text += each.get_ref<const std::string&>();
    if (!text.ends_with('\n')) text += '\n';
  }
  return text;
}

// Nothing if it is no JSON, or too deep to be looked through.
std::optional<Json> Parse(std::string_view text) {
  bool is_deep = false;
  Json json = Json::parse(
      text,
      [&](int depth, Json::parse_event_t, Json&) {
        is_deep = is_deep || static_cast<size_t>(depth) > kMostDepth;
        return !is_deep;
      },
      false);
  if (json.is_discarded() || is_deep) return std::nullopt;
  return json;
}

template <typename Range>
bool Contains(const Range& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

std::vector<SectionText> ReadSections(std::string_view json,
                                      std::span<const std::string_view> known,
                                      const std::vector<std::string>& allowed,
                                      std::vector<Fault>* faults) {
  std::vector<SectionText> sections;
  if (json.empty()) return sections;
  std::optional<Json> parsed = Parse(json);
  if (!parsed || !parsed->is_object()) {
    faults->push_back({.message = "want an object of sections"});
    return sections;
  }
  for (const std::string_view name : known) {
    const auto found = parsed->find(std::string(name));
    if (found == parsed->end() || found->is_null()) continue;
    if (Contains(allowed, name)) {
      sections.push_back({std::string(name), YamlOf(*found)});
    } else {
      faults->push_back({.section = std::string(name),
                         .message = "this gateway does not allow it: its operator can, by writing "
                                    "it into cloud.desired"});
    }
  }
  for (const auto& [name, value] : parsed->items()) {
    if (Contains(known, name)) continue;
    faults->push_back(
        {.section = name, .message = fmt::format("is none of {}", fmt::join(known, ", "))});
  }
  return sections;
}

}  // namespace sluice::cloud
