// What a worker's pipeline has seen. Written by its worker, read and summed by anybody.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "filters/match/verdict.h"
#include "gateway/operate/counter.h"

namespace sluice::pipeline {

struct RuleCounters {
  operate::Counter matches;
  operate::Counter sent;  // records that it asked for, of windows, too
  operate::Counter errors;
};

struct PipelineCounters {
  PipelineCounters(size_t rules_count, size_t outputs_count)
      : rules(rules_count), forwarded(outputs_count), no_room(outputs_count) {}

  // Counts on from where `old` ends: a rule from where predecessors[rule] does, if that is one.
  void Continue(const PipelineCounters& old, std::span<const uint16_t> predecessors);

  // By match::DropReason; what could not be shaped is kRule.
  std::array<operate::Counter, match::kDropReasons> dropped;
  operate::Counter forged_properties;  // removed
  std::vector<RuleCounters> rules;
  std::vector<operate::Counter> forwarded;  // records, by output
  std::vector<operate::Counter> no_room;    // records of QoS 0 that found none, by output
  operate::Counter windows;                 // that were closed
  operate::Counter windows_lost;            // of these, that outputs had no room for
  operate::Counter states;                  // of reducers, now
  operate::Counter state_bytes;             // now
  operate::Counter state_evictions;         // states that had to go before their time
};

}  // namespace sluice::pipeline
