#include "gateway/cloud/reported.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "gateway/cloud/twin_sync.h"

namespace sluice::cloud {
namespace {

using Json = nlohmann::ordered_json;

// A twin takes strings of 4 KB, integers of 52 bits and 32 KB in all, which others share.
constexpr size_t kMostFaults = 8;
constexpr size_t kMostTextBytes = 512;
constexpr uint64_t kMostInteger = 4'503'599'627'370'496;

// Cut between characters.
std::string Cut(std::string_view text) {
  if (text.size() <= kMostTextBytes) return std::string(text);
  size_t end = kMostTextBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

Json Number(uint64_t number) { return std::min(number, kMostInteger); }

// null takes out of the twin what is not there any more.
Json OrNull(const Json& value) { return value.empty() ? Json(nullptr) : value; }

Json FaultJson(const Fault& fault) {
  Json json = {{"section", fault.section}};
  if (fault.line != 0) json["line"] = fault.line;
  if (fault.line != 0) json["column"] = fault.column;
  if (!fault.key.empty()) json["key"] = Cut(fault.key);
  json["message"] = Cut(fault.message);
  return json;
}

Json DesiredJson(const DesiredState& desired) {
  constexpr const char* kStatus[] = {"none", "applied", "refused"};
  Json errors = Json::array();
  for (size_t i = 0; i < std::min(desired.faults.size(), kMostFaults); ++i)
    errors.push_back(FaultJson(desired.faults[i]));
  Json json;
  json["status"] = kStatus[static_cast<size_t>(desired.status)];
  json["version"] = Number(desired.version);
  json["inForce"] = Number(desired.version_in_force);
  json["sections"] = OrNull(Json(desired.sections));
  json["errors"] = OrNull(errors);
  json["errorCount"] = desired.faults.empty() ? Json(nullptr) : Json(desired.faults.size());
  return json;
}

}  // namespace

std::string ReportedPatch(const Facts& facts, const DesiredState& desired) {
  Json ours;
  ours["program"] = {{"version", Cut(facts.program_version)}, {"startedAt", Cut(facts.started_at)}};
  ours["rules"] = {{"count", Number(facts.rules)}, {"hash", Cut(facts.rules_hash)}};
  ours["desired"] = DesiredJson(desired);
  for (const auto& [name, value] : facts.counters) ours["counters"][name] = Number(value);
  Json patch;
  patch[kSection] = std::move(ours);
  return patch.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::cloud
