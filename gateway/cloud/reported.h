// What the gateway reports of itself to its twin, small enough for any hub.
//
// No secrets: nothing of what is passed in may be one.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::cloud {

struct Facts {
  std::string program_version;
  std::string started_at;  // RFC 3339
  uint64_t rules = 0;
  std::string rules_hash;  // equal where the rules are
  std::vector<std::pair<std::string, uint64_t>> counters;
};

// What is wrong with a section of the desired properties.
struct Fault {
  std::string section{};  // "rules"
  uint32_t line = 0;      // of its text; 0: the section as a whole
  uint32_t column = 0;
  std::string key{};      // "rules.list[2].where", "rule 'hot'"; may be empty
  std::string message{};  // what is wrong, and what to do
};

// The fate of one version of the desired properties.
struct ApplyResult {
  std::vector<Fault> faults;          // empty: it is in force
  std::vector<std::string> sections;  // that it replaces
};

struct DesiredState {
  enum class Status : uint8_t { kNone, kApplied, kRefused };

  Status status = Status::kNone;
  uint64_t version = 0;           // that the status is of
  uint64_t version_in_force = 0;  // 0: the file alone
  std::vector<std::string> sections;
  std::vector<Fault> faults;
};

// A merge patch: whatever was reported before, it is replaced. Of very many faults the first ones,
// long texts cut.
std::string ReportedPatch(const Facts& facts, const DesiredState& desired);

}  // namespace sluice::cloud
