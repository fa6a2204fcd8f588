#include "gateway/commands/live_rules.h"

#include <cassert>
#include <random>
#include <semaphore>
#include <utility>

#include "filters/compile/rule_changes.h"
#include "filters/reduce/state_file.h"
#include "gateway/commands/gateway_metrics.h"

namespace sluice::commands {

using server::MutexLock;

namespace {

// Devices cannot know it, and so cannot crowd a table.
reduce::HashKey RandomKey() {
  std::random_device random;
  const auto word = [&random] { return uint64_t{random()} << 32 | random(); };
  return {word(), word()};
}

}  // namespace

LiveRules::LiveRules(std::shared_ptr<const pipeline::Admission> admission,
                     std::shared_ptr<const compile::Program> program,
                     std::vector<bool> acknowledges, spool::RuleNames& names)
    : acknowledges_(std::move(acknowledges)),
      names_(names),
      hash_key_(RandomKey()),
      admission_(std::move(admission)),
      program_(std::move(program)),
      programs_{program_} {}

std::unique_ptr<pipeline::Pipeline> LiveRules::NewPipeline(
    std::shared_ptr<const pipeline::Admission> admission,
    std::shared_ptr<const compile::Program> program,
    std::span<const std::unique_ptr<pipeline::OutputPort>> ports) {
  std::vector<pipeline::PipelineOutput> outputs;
  assert(ports.size() == acknowledges_.size());
  for (size_t i = 0; i < ports.size(); ++i) outputs.push_back({ports[i].get(), acknowledges_[i]});
  std::vector<uint16_t> numbers;
  numbers.reserve(program->rules().size());
  for (const compile::Rule& rule : program->rules()) numbers.push_back(names_.NumberOf(rule.name));
  return std::make_unique<pipeline::Pipeline>(std::move(admission), std::move(program),
                                              std::move(outputs), sequences_, hash_key_,
                                              std::move(numbers));
}

std::unique_ptr<WorkerSink> LiveRules::NewSink(
    std::vector<std::unique_ptr<pipeline::OutputPort>> ports) {
  const MutexLock lock(&mutex_);
  std::unique_ptr<pipeline::Pipeline> pipeline = NewPipeline(admission_, program_, ports);
  auto sink = std::make_unique<WorkerSink>(std::move(ports), std::move(pipeline));
  sinks_.push_back(sink.get());
  return sink;
}

void LiveRules::Replace(std::shared_ptr<const pipeline::Admission> admission,
                        std::shared_ptr<const compile::Program> program, server::Server& server) {
  Pipelines pipelines;  // destroyed last, when no worker and no reader of counters waits
  const MutexLock lock(&mutex_);
  for (const WorkerSink* sink : sinks_) {
    pipelines.push_back(NewPipeline(admission, program, sink->ports()));
  }
  Swap(&pipelines, compile::PredecessorsByName(*program_, *program), server);
  admission_ = std::move(admission);
  program_ = std::move(program);
  std::erase_if(programs_, [](const auto& each) { return each.expired(); });
  programs_.push_back(program_);
}

void LiveRules::Swap(Pipelines* pipelines, std::span<const uint16_t> predecessors,
                     server::Server& server) {
  // The last worker may still be inside release() when this has returned.
  const auto swapped = std::make_shared<std::counting_semaphore<>>(0);
  server.PostToAll([pipelines, predecessors, swapped, sinks = sinks_](uint16_t worker) {
    std::unique_ptr<pipeline::Pipeline>& place = (*pipelines)[worker];
    place = sinks[worker]->Replace(std::move(place), predecessors);
    swapped->release();
  });
  for (size_t i = 0; i < pipelines->size(); ++i) swapped->acquire();
  // A publish that waits for room may be sent elsewhere now.
  server.Resume();
}

bool LiveRules::has_reducers() const {
  const MutexLock lock(&mutex_);
  return !sinks_.empty() && !sinks_[0]->pipeline().reducers().empty();
}

absl::Status LiveRules::LoadStates(std::string_view bytes, int64_t now_us) {
  const MutexLock lock(&mutex_);
  for (size_t i = 0; i < sinks_.size(); ++i) {
    const auto is_its = [&](std::string_view device) {
      return server::Server::WorkerOf(std::string(device), sinks_.size()) == i;
    };
    absl::Status status =
        reduce::ReadStateFile(bytes, now_us, is_its, &sinks_[i]->pipeline().reducers());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

std::string LiveRules::SaveStates(bool only_windows) {
  const MutexLock lock(&mutex_);
  for (WorkerSink* sink : sinks_) sink->pipeline().SendClosedWindows();
  reduce::StateFileWriter writer(sinks_[0]->pipeline().reducers().store().hash_key(), only_windows);
  for (WorkerSink* sink : sinks_) writer.Add(sink->pipeline().reducers());
  return writer.Finish();
}

void LiveRules::CloseWindows() {
  const MutexLock lock(&mutex_);
  for (WorkerSink* sink : sinks_) sink->pipeline().CloseWindows();
}

LiveRules::Totals LiveRules::CountMessages() const {
  const MutexLock lock(&mutex_);
  Totals totals;
  for (const WorkerSink* sink : sinks_) {
    const pipeline::PipelineCounters& counters = sink->pipeline().counters();
    for (const operate::Counter& each : counters.dropped) totals.dropped += each.Get();
    for (const operate::Counter& each : counters.forwarded) totals.forwarded += each.Get();
  }
  return totals;
}

void LiveRules::AddMetrics(operate::MetricsPage* page) const {
  const MutexLock lock(&mutex_);
  std::vector<const pipeline::Pipeline*> pipelines;
  for (const WorkerSink* sink : sinks_) pipelines.push_back(&sink->pipeline());
  AddPipelineMetrics(*program_, pipelines, page);
  size_t alive = 0;
  for (const auto& each : programs_) alive += each.expired() ? 0 : 1;
  page->AddGauge("rule_programs", "Compiled rule sets in memory: one, but for moments of a reload",
                 static_cast<double>(alive));
}

}  // namespace sluice::commands
