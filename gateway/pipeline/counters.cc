#include "gateway/pipeline/counters.h"

#include <cassert>

#include "filters/compile/rule_changes.h"

namespace sluice::pipeline {
namespace {

void Continue(const std::vector<operate::Counter>& old, std::vector<operate::Counter>* counters) {
  assert(old.size() == counters->size());
  for (size_t i = 0; i < old.size(); ++i) (*counters)[i].Set(old[i].Get());
}

}  // namespace

void PipelineCounters::Continue(const PipelineCounters& old,
                                std::span<const uint16_t> predecessors) {
  assert(predecessors.size() == rules.size());
  for (size_t i = 0; i < dropped.size(); ++i) dropped[i].Set(old.dropped[i].Get());
  windows.Set(old.windows.Get());
  windows_lost.Set(old.windows_lost.Get());
  forged_properties.Set(old.forged_properties.Get());
  for (size_t i = 0; i < rules.size(); ++i) {
    if (predecessors[i] == compile::kNoPredecessor) continue;
    const RuleCounters& before = old.rules[predecessors[i]];
    rules[i].matches.Set(before.matches.Get());
    rules[i].sent.Set(before.sent.Get());
    rules[i].errors.Set(before.errors.Get());
  }
  pipeline::Continue(old.forwarded, &forwarded);
  pipeline::Continue(old.no_room, &no_room);
}

}  // namespace sluice::pipeline
