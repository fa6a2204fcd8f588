// The rules and templates that all workers judge by, and how they are replaced while devices go on.
//
// A worker's pipeline is swapped on its own thread between two turns of its loop, so that a message
// is judged by one set of rules and nothing locks on its way. What is expensive (making the new
// pipelines, destroying the old ones) happens on the thread that replaces.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "filters/compile/program.h"
#include "filters/reduce/hash.h"
#include "gateway/commands/worker_sink.h"
#include "gateway/operate/metrics_page.h"
#include "gateway/pipeline/admission.h"
#include "gateway/pipeline/sequence.h"
#include "gateway/server/mutex.h"
#include "gateway/server/server.h"
#include "gateway/spool/rule_names.h"

namespace sluice::commands {

class LiveRules {
 public:
  // `acknowledges`: of each output of the program, whether publishes wait for it. `names` outlives
  // this.
  LiveRules(std::shared_ptr<const pipeline::Admission> admission,
            std::shared_ptr<const compile::Program> program, std::vector<bool> acknowledges,
            spool::RuleNames& names);

  // A worker's sink; it must live as long as this is used. Before the server starts.
  std::unique_ptr<WorkerSink> NewSink(std::vector<std::unique_ptr<pipeline::OutputPort>> ports);

  // Returns when every worker has gone over; the old program is gone then. `server` runs all sinks
  // made here. On no worker's thread.
  void Replace(std::shared_ptr<const pipeline::Admission> admission,
               std::shared_ptr<const compile::Program> program, server::Server& server)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // What reducers know, over a restart (filters/reduce/state_file.h). All three while no worker
  // runs: before the server has started, or after it has stopped.
  bool has_reducers() const ABSL_LOCKS_EXCLUDED(mutex_);
  absl::Status LoadStates(std::string_view bytes, int64_t now_us) ABSL_LOCKS_EXCLUDED(mutex_);
  // Windows that had to go before their time are sent. `only_windows`: StateFileWriter's.
  std::string SaveStates(bool only_windows) ABSL_LOCKS_EXCLUDED(mutex_);
  // In place of saving them.
  void CloseWindows() ABSL_LOCKS_EXCLUDED(mutex_);

  // Messages that matched nothing or were held, and copies that outputs were given. Any thread.
  struct Totals {
    uint64_t dropped = 0;
    uint64_t forwarded = 0;
  };
  Totals CountMessages() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Any thread. They wait for a replacement under way, for about one turn of each worker.
  void AddMetrics(operate::MetricsPage* page) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Pipelines = std::vector<std::unique_ptr<pipeline::Pipeline>>;

  std::unique_ptr<pipeline::Pipeline> NewPipeline(
      std::shared_ptr<const pipeline::Admission> admission,
      std::shared_ptr<const compile::Program> program,
      std::span<const std::unique_ptr<pipeline::OutputPort>> ports);
  // Leaves the old ones in place of the new.
  void Swap(Pipelines* pipelines, std::span<const uint16_t> predecessors, server::Server& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::vector<bool> acknowledges_;
  spool::RuleNames& names_;
  const reduce::HashKey hash_key_;
  pipeline::Sequences sequences_;

  // Guards what sinks' pipelines are, for readers on other threads than their worker's.
  mutable server::Mutex mutex_;
  std::shared_ptr<const pipeline::Admission> admission_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const compile::Program> program_ ABSL_GUARDED_BY(mutex_);
  // All that may still be alive: more than one would be a leak.
  std::vector<std::weak_ptr<const compile::Program>> programs_ ABSL_GUARDED_BY(mutex_);
  std::vector<WorkerSink*> sinks_ ABSL_GUARDED_BY(mutex_);  // in the order of the workers
};

}  // namespace sluice::commands
