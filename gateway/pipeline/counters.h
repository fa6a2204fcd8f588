// What a worker's pipeline has seen. Written by its worker, read and summed by anybody.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gateway/operate/counter.h"

namespace sluice::pipeline {

struct RuleCounters {
  operate::Counter matches;
  operate::Counter errors;
};

struct PipelineCounters {
  PipelineCounters(size_t rules_count, size_t outputs_count)
      : rules(rules_count), forwarded(outputs_count), no_room(outputs_count) {}

  // Counts on from where `old` ends: a rule from where predecessors[rule] does, if that is one.
  void Continue(const PipelineCounters& old, std::span<const uint16_t> predecessors);

  operate::Counter
      dropped_rule;  // rules took it and none sent it anywhere, or its body could not be shaped
  operate::Counter dropped_default;    // no rule took it
  operate::Counter forged_properties;  // removed
  std::vector<RuleCounters> rules;
  std::vector<operate::Counter> forwarded;  // records, by output
  std::vector<operate::Counter> no_room;    // records of QoS 0 that found none, by output
};

}  // namespace sluice::pipeline
