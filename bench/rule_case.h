// Made-up rules and messages of one kind: the same from the same specification, on every machine.
//
// A share of the messages is made to be taken by exactly one rule; each of the others is made from
// a rule, too, and fails its last test: what is measured is never a message that nothing is like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::bench {

enum class Kind : uint8_t { kEquality, kRange, kMixed, kRegex, kOr, kNot, kBodyFree };
inline constexpr Kind kKinds[] = {Kind::kEquality, Kind::kRange, Kind::kMixed,   Kind::kRegex,
                                  Kind::kOr,       Kind::kNot,   Kind::kBodyFree};

std::string_view KindName(Kind kind);  // "equality"
std::optional<Kind> FindKind(std::string_view name);

struct CaseSpec {
  Kind kind = Kind::kMixed;
  size_t rules = 1;
  unsigned matched_percent = 1;  // of the messages
  size_t body_bytes = 200;
  size_t messages = 200;
};

struct RuleText {
  std::string from;  // empty: any topic
  std::string where;
};

struct MessageText {
  std::string topic;
  std::vector<std::pair<std::string, std::string>> properties;
  std::string payload;  // JSON
};

struct RuleCase {
  std::vector<RuleText> rules;
  std::vector<MessageText> messages;
};

RuleCase MakeCase(const CaseSpec& spec);

// As files that `sluice bench` takes: rules alone, and message lines.
std::string RulesAsYaml(const RuleCase& made);
std::string MessagesAsLines(const RuleCase& made);

}  // namespace sluice::bench
