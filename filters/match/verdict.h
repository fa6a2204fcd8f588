// What rules make of a message. Indexes are those of the program that judged it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::match {

// A property that `set` gave a value. Views of the program, the message or the judge.
struct SetProperty {
  std::string_view name;
  std::string_view value;
};

// One message to one output. Matches with equal output and shape are united in one.
struct Delivery {
  uint16_t output = 0;
  uint16_t shape = 0;                // compile::kUnchanged: the body as it came
  uint8_t priority = 5;              // the lowest number of the rules
  std::span<const uint16_t> rules;   // that asked for it, in order; none: the default
  std::span<const SetProperty> set;  // no name twice, ignoring case
};

enum class DropReason : uint8_t {
  kNone,     // it is forwarded
  kRule,     // rules took it, and none sends it anywhere
  kDefault,  // no rule took it
  // Rules took it, and the first of them whose reducer held it did so by:
  kDedup,
  kOnChange,
  kSample,
  kRate,
  kWindow,  // what it said is in a window's message
};
inline constexpr size_t kDropReasons = 8;

// As people and metrics call it; empty for kNone.
std::string_view DropReasonText(DropReason reason);

struct Verdict {
  DropReason reason = DropReason::kNone;
  std::span<const uint16_t> rules;  // that matched, in order
  // Rules that needed the body of a message of type JSON which is none, or passes a limit: they did
  // not match.
  std::span<const uint16_t> errors;
  std::span<const Delivery> deliveries;

  bool forwards() const { return reason == DropReason::kNone; }
};

}  // namespace sluice::match
