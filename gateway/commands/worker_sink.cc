#include "gateway/commands/worker_sink.h"

#include <optional>

namespace sluice::commands {
namespace {

server::PublishOutcome::Kind KindOf(pipeline::PublishResult::Kind kind) {
  switch (kind) {
    case pipeline::PublishResult::Kind::kTaken:
      return server::PublishOutcome::Kind::kTaken;
    case pipeline::PublishResult::Kind::kForbidden:
      return server::PublishOutcome::Kind::kForbidden;
    case pipeline::PublishResult::Kind::kRefused:
      return server::PublishOutcome::Kind::kRefused;
    case pipeline::PublishResult::Kind::kNoRoom:
      break;
  }
  return server::PublishOutcome::Kind::kNoRoom;
}

}  // namespace

std::unique_ptr<pipeline::Pipeline> WorkerSink::Replace(std::unique_ptr<pipeline::Pipeline> next,
                                                        std::span<const uint16_t> predecessors) {
  next->Adopt(*pipeline_, predecessors);
  std::swap(pipeline_, next);
  return next;
}

pipeline::Publish WorkerSink::View(const server::InboundPublish& inbound) {
  const mqtt::PublishView& publish = inbound.publish;
  properties_.clear();
  for (const mqtt::Property& property : publish.user_properties) {
    properties_.push_back({property.text, property.value});
  }
  return {
      .identity = inbound.identity,
      .topic = publish.topic,
      .payload = publish.payload,
      .content_type = publish.content_type.value_or(std::string_view()),
      .payload_is_utf8 = publish.payload_is_utf8,
      .user_properties = properties_,
      .time_us = inbound.time_us,
      .qos = publish.qos,
      .ticket = publish.qos > 0 ? std::optional(inbound.ticket) : std::nullopt,
  };
}

server::PublishOutcome WorkerSink::OnPublish(const server::InboundPublish& inbound) {
  const pipeline::PublishResult result = pipeline_->Take(View(inbound));
  return {KindOf(result.kind), result.pending};
}

}  // namespace sluice::commands
