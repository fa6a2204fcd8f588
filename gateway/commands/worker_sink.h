// Joins a worker's server side to its pipeline: an MQTT publish becomes the pipeline's.
//
// One a worker, used on its thread alone.
#pragma once

#include <memory>
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

  bool HasRoom(uint64_t bytes) override { return pipeline_->HasRoom(bytes); }
  server::PublishOutcome OnPublish(const server::InboundPublish& inbound) override;
  void EndOfTurn() override { pipeline_->Flush(); }

  const pipeline::Pipeline& pipeline() const { return *pipeline_; }

 private:
  std::vector<std::unique_ptr<pipeline::OutputPort>> ports_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::vector<language::PropertyView> properties_;  // of the publish under way; kept for its memory
};

}  // namespace sluice::commands
