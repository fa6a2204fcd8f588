// Joins a worker's server side to its pipeline: an MQTT publish becomes the pipeline's.
//
// One a worker, used on its thread alone.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "gateway/pipeline/pipeline.h"
#include "gateway/server/publish_sink.h"

namespace sluice::commands {

class WorkerSink final : public server::PublishSink {
 public:
  // `ports` back the pipeline's outputs, in their order.
  WorkerSink(std::vector<std::unique_ptr<pipeline::OutputPort>> ports,
             std::unique_ptr<pipeline::Pipeline> pipeline)
      : ports_(std::move(ports)), pipeline_(std::move(pipeline)) {}

  bool HasRoom(const server::InboundPublish& inbound, uint64_t bytes) override {
    return pipeline_->HasRoom(bytes) &&
           (!pipeline_->is_tight() || pipeline_->IsUrgent(View(inbound)));
  }
  server::PublishOutcome OnPublish(const server::InboundPublish& inbound) override;
  void EndOfTurn(int64_t now_us) override { pipeline_->EndTurn(now_us); }
  int64_t NextTurnUs() const override { return pipeline_->next_turn_us(); }

  // From the next publish on `next` judges, which has the same ports. Returns the old one, of which
  // nothing is under way: the caller destroys it where that delays nobody.
  std::unique_ptr<pipeline::Pipeline> Replace(std::unique_ptr<pipeline::Pipeline> next,
                                              std::span<const uint16_t> predecessors);

  // One for each output, in their order; they live as long as this.
  std::span<const std::unique_ptr<pipeline::OutputPort>> ports() const { return ports_; }
  // Until it is replaced. To be changed while no worker runs.
  pipeline::Pipeline& pipeline() { return *pipeline_; }
  const pipeline::Pipeline& pipeline() const { return *pipeline_; }

 private:
  pipeline::Publish View(const server::InboundPublish& inbound);

  std::vector<std::unique_ptr<pipeline::OutputPort>> ports_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::vector<language::PropertyView> properties_;  // of the publish under way; kept for its memory
};

}  // namespace sluice::commands
