// Rules as they are written: what the configuration loader hands to the compiler.
//
// Every text carries the place it was written at, so that an error in a condition points into the
// file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filters/language/profile.h"

namespace sluice::compile {

// A text of the configuration and where its first byte stands there. `line` and `column` count
// from 1. `verbatim`: the text stands in the file as it is, on one line, so that a column inside it
// is a column of the file; else (escapes, folded lines) errors point at the start of the text.
struct Located {
  std::string text;
  uint32_t line = 0;
  uint32_t column = 0;
  bool verbatim = true;

  // As written, wherever that was.
  bool operator==(const Located& other) const { return text == other.text; }
};

struct SetSpec {
  Located name;
  Located value;  // "$…" is an expression, "$$…" a literal dollar, all else literal

  bool operator==(const SetSpec&) const = default;
};

struct OnChangeSpec {
  Located of;
  std::optional<Located> by;  // "0.5" or "5%"
  std::chrono::milliseconds max_silence{0};

  bool operator==(const OnChangeSpec&) const = default;
};

struct WindowSpec {
  std::chrono::milliseconds every{0};
  std::vector<SetSpec> select;  // names and aggregates: "AVG($body.temperature)"

  bool operator==(const WindowSpec&) const = default;
};

// One entry of rules.list. Either `route` or the other members; the loader has checked that.
struct RuleSpec {
  Located name;  // never empty: the loader made up rule-N
  std::optional<Located> from;
  std::optional<Located> where;
  std::optional<Located> route;  // an IoT Edge route
  bool drop = false;
  bool final_rule = false;
  int priority = 5;
  std::vector<SetSpec> set;
  std::vector<Located> select;
  std::vector<Located> redact;
  std::vector<Located> into;  // names of outputs; empty: the default output

  // Reducers; zero or none: not there.
  std::chrono::milliseconds dedup{0};
  std::optional<OnChangeSpec> on_change;
  uint32_t sample = 0;
  std::optional<Located> rate;  // "5/s"
  std::optional<WindowSpec> window;
  std::vector<Located> per;  // expressions

  bool operator==(const RuleSpec&) const = default;
};

struct RuleSetSpec {
  bool forward_by_default = false;
  Located default_action;  // where that is written; line 0 where it is not
  bool assume_json = true;
  language::Profile profile = language::Profile::kDefault;
  uint64_t max_state = 64 << 20;  // bytes of reducers' states, a worker
  std::vector<RuleSpec> rules;

  bool operator==(const RuleSetSpec&) const = default;
};

// An output as far as rules are concerned.
struct OutputSpec {
  std::string name;
  bool is_iothub = false;
  bool is_packed = false;
};

}  // namespace sluice::compile
