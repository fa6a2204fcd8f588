// What `sluice filter` counts: messages, and of each rule what it matched, held and sent. Printed
// as the object of `--summary` or, for people, as a table.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "filters/compile/program.h"
#include "filters/match/shaper.h"
#include "filters/match/verdict.h"
#include "filters/reduce/rule_engine.h"

namespace sluice::commands {

class FilterSummary {
 public:
  // `program` outlives it.
  explicit FilterSummary(const compile::Program& program)
      : program_(program), rules_(program.rules().size()) {}

  void Count(const match::Verdict& verdict, std::span<const reduce::RuleEngine::Held> held,
             const match::Shaper::Result& shaped);
  void CountBadTopic() { ++bad_topics_; }
  void CountMalformed() { ++malformed_; }
  void CountWindow(uint16_t rule, const match::Shaper::Result& shaped);

  uint64_t malformed() const { return malformed_; }
  // Messages whose body the rule needed and could not use.
  uint64_t errors(uint16_t rule) const { return rules_[rule].errors; }

  // {"messages","forwarded","dropped","malformed","rules":{NAME:{"matched","errors"}}}, a line.
  std::string AsJson() const;
  // Several lines. What is sent counts once for each output that it goes to.
  std::string AsTable() const;

 private:
  struct RuleCounts {
    uint64_t matched = 0;
    uint64_t errors = 0;
    uint64_t windows = 0;
    uint64_t sent = 0;
    std::array<uint64_t, match::kDropReasons> held{};  // by what
  };

  void CountSent(const match::Shaper::Result& shaped);
  uint64_t dropped() const;
  std::string Reasons() const;

  const compile::Program& program_;
  uint64_t forwarded_ = 0;
  uint64_t bad_topics_ = 0;
  uint64_t malformed_ = 0;
  std::array<uint64_t, match::kDropReasons> dropped_{};  // by reason
  std::vector<RuleCounts> rules_;
};

}  // namespace sluice::commands
