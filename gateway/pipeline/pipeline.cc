#include "gateway/pipeline/pipeline.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <set>
#include <utility>

namespace sluice::pipeline {

using language::BodyFormat;
using language::BodyReader;
using language::JsonReader;
using language::MessageView;

namespace {

constexpr uint8_t kLeastUrgent = 9;

// Outputs beyond 64 share bits: a message is then judged once more than it need be.
constexpr uint64_t TightBit(size_t output) { return uint64_t{1} << output % 64; }

constexpr int kWindowsPerTurn = 512;
// Room that is asked for before a window is closed.
constexpr uint64_t kWindowBytes = 4096;

// How many records one message can become at each output: one for each shape that rules send there.
std::vector<uint64_t> CountShapes(const compile::Program& program) {
  std::vector<std::set<uint16_t>> shapes(program.outputs().size());
  for (const compile::Rule& rule : program.rules()) {
    for (const uint16_t output : rule.outputs) shapes[output].insert(rule.shape);
  }
  if (program.default_output()) shapes[*program.default_output()].insert(compile::kUnchanged);
  std::vector<uint64_t> counts;
  counts.reserve(shapes.size());
  for (const std::set<uint16_t>& of_output : shapes) counts.push_back(of_output.size());
  return counts;
}

uint64_t ContentBytes(const MessageView& message, std::string_view body) {
  uint64_t bytes =
      message.device.size() + message.topic.size() + message.content_type.size() + body.size();
  for (const language::PropertyView& property : message.properties)
    bytes += property.name.size() + property.value.size();
  return bytes;
}

// Of QoS 1 and 2, room was asked for before the message was judged, but by those who refuse.
bool HasRoomFor(const Publish& publish, OutputPort& port, uint64_t bytes, uint8_t priority) {
  if (publish.qos == 0) return port.HasRoomToSpare(bytes);
  return !port.refuses() || port.Takes(bytes, priority);
}

void Copy(std::span<const language::PropertyView> from, std::vector<spool::Property>* to) {
  to->clear();
  for (const language::PropertyView& property : from)
    to->push_back({property.name, property.value, property.is_null});
}

PipelineLog::Sender SenderOf(const Publish& publish) {
  return {publish.identity, publish.topic, publish.time_us};
}

}  // namespace

Pipeline::Pipeline(std::shared_ptr<const Admission> admission,
                   std::shared_ptr<const compile::Program> program,
                   std::vector<PipelineOutput> outputs, Sequences& sequences, reduce::HashKey key,
                   std::vector<uint16_t> rule_numbers)
    : admission_(std::move(admission)),
      program_(std::move(program)),
      outputs_(std::move(outputs)),
      rule_numbers_(std::move(rule_numbers)),
      sequence_(sequences),
      engine_(program_, key),
      probe_(program_),
      json_(no_paths_),
      shapes_of_output_(CountShapes(*program_)),
      counters_(program_->rules().size(), outputs_.size()) {
  assert(outputs_.size() == program_->outputs().size());
  if (rule_numbers_.empty()) {
    rule_numbers_.resize(program_->rules().size());
    std::iota(rule_numbers_.begin(), rule_numbers_.end(), uint16_t{0});
  }
  assert(rule_numbers_.size() == program_->rules().size());
}

void Pipeline::Adopt(Pipeline& old, std::span<const uint16_t> predecessors) {
  old.CloseChanged(*program_);
  engine_.Adopt(old.engine_);
  counters_.Continue(old.counters_, predecessors);
  log_ = old.log_;
}

bool Pipeline::HasRoom(uint64_t bytes) {
  tight_outputs_ = 0;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (shapes_of_output_[i] == 0) continue;
    OutputPort& port = *outputs_[i].port;
    const uint64_t needed = bytes * shapes_of_output_[i];
    if (!port.HasRoom(needed)) return false;
    if (!port.refuses() && !port.Takes(needed, kLeastUrgent)) tight_outputs_ |= TightBit(i);
  }
  return true;
}

bool Pipeline::IsUrgent(const Publish& publish) {
  if (!admission_->MayPublish(publish.identity, publish.topic)) return true;  // it needs no room
  const match::Verdict& verdict = probe_.Run(View(publish));
  for (const match::Delivery& delivery : verdict.deliveries) {
    if ((tight_outputs_ & TightBit(delivery.output)) != 0 &&
        !outputs_[delivery.output].port->Takes(publish.payload.size(), delivery.priority)) {
      return false;
    }
  }
  return true;
}

bool Pipeline::IsTurnedAway(const Publish& publish, const MessageView& message) {
  const uint64_t bytes = ContentBytes(message, publish.payload);
  bool all_have_room = true;
  for (size_t i = 0; i < outputs_.size() && all_have_room; ++i) {
    all_have_room =
        shapes_of_output_[i] == 0 ||
        HasRoomFor(publish, *outputs_[i].port, bytes * shapes_of_output_[i], kLeastUrgent);
  }
  if (all_have_room) return false;
  const match::Verdict& verdict = probe_.Run(message);
  if (verdict.deliveries.empty()) return false;
  for (const match::Delivery& delivery : verdict.deliveries) {
    if (HasRoomFor(publish, *outputs_[delivery.output].port, bytes, delivery.priority))
      return false;
  }
  for (const match::Delivery& delivery : verdict.deliveries) {
    counters_.no_room[delivery.output].Add();
    log_.NoRoom(SenderOf(publish), program_->outputs()[delivery.output]);
  }
  return true;
}

PublishResult Pipeline::Take(const Publish& publish) {
  if (!admission_->MayPublish(publish.identity, publish.topic))
    return {PublishResult::Kind::kForbidden, 0};
  const MessageView message = View(publish);
  if (!engine_.reducers().empty() && IsTurnedAway(publish, message)) {
    return {publish.qos == 0 ? PublishResult::Kind::kNoRoom : PublishResult::Kind::kRefused, 0};
  }
  const match::Verdict& verdict = engine_.Run(message);
  const match::Shaper::Result& shaped = shaper_.Apply(program_->shapes(), verdict, message.payload);
  Count(publish, verdict, shaped);
  if (shaped.deliveries.empty()) return {PublishResult::Kind::kTaken, 0};
  return Forward(publish, message, shaped);
}

MessageView Pipeline::View(const Publish& publish) {
  properties_.Clear();
  forged_ = 0;
  for (const language::PropertyView& property : publish.user_properties)
    forged_ += properties_.Add(property) ? 0 : 1;

  MessageView message;
  message.device = publish.identity;
  message.topic = publish.topic;
  message.payload = publish.payload;
  message.content_type = publish.content_type;
  if (publish.payload_is_utf8) message.content_encoding = "utf-8";
  message.format = language::ParseBodyFormat(message.content_type, message.content_encoding);
  message.properties = properties_.application();
  message.system_properties = properties_.system();
  message.time_us = publish.time_us;
  message.qos = publish.qos;
  return message;
}

void Pipeline::Count(const Publish& publish, const match::Verdict& verdict,
                     const match::Shaper::Result& shaped) {
  if (forged_ > 0) {
    counters_.forged_properties.Add(forged_);
    log_.Forged(SenderOf(publish), forged_);
  }
  for (const uint16_t rule : verdict.rules) counters_.rules[rule].matches.Add();
  for (const std::span<const uint16_t> errors : {verdict.errors, shaped.errors}) {
    for (const uint16_t rule : errors) counters_.rules[rule].errors.Add();
    if (!errors.empty()) log_.BodyError(SenderOf(publish), program_->rules()[errors[0]].name);
  }
  if (!shaped.deliveries.empty()) return;
  const match::DropReason reason = verdict.forwards() ? match::DropReason::kRule : verdict.reason;
  counters_.dropped[static_cast<size_t>(reason)].Add();
}

PublishResult Pipeline::Forward(const Publish& publish, const MessageView& message,
                                const match::Shaper::Result& shaped) {
  spool::RecordView record;
  record.id = sequence_.Next();
  record.time_us = message.time_us;
  record.device = message.device;
  record.topic = message.topic;
  record.content_type = message.content_type;
  record.content_encoding = message.content_encoding;
  FillProperties(message);
  record.device_properties = device_properties_;
  record.system_properties = system_properties_;
  const bool is_json = BodyIsJson(message);

  PublishResult result;
  bool any = false;
  for (const match::ShapedDelivery& delivery : shaped.deliveries) {
    const match::Delivery& asked = *delivery.delivery;
    const PipelineOutput& output = outputs_[asked.output];
    if (!HasRoomFor(publish, *output.port, ContentBytes(message, delivery.body), asked.priority)) {
      counters_.no_room[asked.output].Add();
      log_.NoRoom(SenderOf(publish), program_->outputs()[asked.output]);
      continue;
    }
    record.priority = asked.priority;
    record.rule = asked.rules.empty() ? spool::kNoRule : rule_numbers_[asked.rules[0]];
    record.body = delivery.body;
    record.body_is_json = is_json || delivery.changed;
    FillSet(asked);
    record.hub_properties = set_properties_;
    record.ticket.reset();
    if (publish.ticket && output.acknowledges) {
      record.ticket = publish.ticket;
      ++result.pending;
    }
    output.port->Append(record);
    counters_.forwarded[asked.output].Add();
    for (const uint16_t rule : asked.rules) counters_.rules[rule].sent.Add();
    any = true;
  }
  if (!any) {
    result.kind = publish.qos == 0 ? PublishResult::Kind::kNoRoom : PublishResult::Kind::kRefused;
  }
  return result;
}

// Whether the bytes are a JSON document in UTF-8 that its sender did not declare to be something
// else.
bool Pipeline::BodyIsJson(const MessageView& message) {
  const BodyFormat& format = message.format;
  if (format.type == BodyFormat::Type::kOther) return false;
  if (format.encoding != BodyFormat::Encoding::kUndeclared &&
      format.encoding != BodyFormat::Encoding::kUtf8)
    return false;
  const BodyReader::State state = engine_.body_state();
  if (state == BodyReader::State::kObject || state == BodyReader::State::kNotObject) return true;
  if (state == BodyReader::State::kBad || state == BodyReader::State::kLimit) return false;
  const JsonReader::Verdict verdict = json_.Read(message.payload);
  return verdict == JsonReader::Verdict::kObject || verdict == JsonReader::Verdict::kNotObject;
}

void Pipeline::FillProperties(const MessageView& message) {
  Copy(message.properties, &device_properties_);
  Copy(message.system_properties, &system_properties_);
}

void Pipeline::FillSet(const match::Delivery& delivery) {
  set_properties_.clear();
  for (const match::SetProperty& property : delivery.set)
    set_properties_.push_back({property.name, property.value, false});
}

bool Pipeline::CloseNextWindow() {
  const reduce::ClosedWindow* const window = engine_.NextClosed();
  if (window == nullptr) return false;
  counters_.windows.Add();
  const MessageView& message = window->message;
  const match::Shaper::Result& shaped =
      shaper_.Apply(program_->shapes(), *window->verdict, message.payload);
  Publish publish;
  publish.identity = message.device;
  publish.topic = message.topic;
  publish.time_us = message.time_us;
  publish.qos = 1;  // as those may have been that it stands for: it is not dropped for want of room
  Forward(publish, message, shaped);
  return true;
}

void Pipeline::EndTurn(int64_t now_us) {
  if (!engine_.reducers().empty()) {
    const int64_t before_us = engine_.reducers().now_us();
    if (engine_.Follow(now_us)) log_.ClockSetBack(now_us, before_us - now_us);
    waits_for_room_ = false;
    for (int i = 0; i < kWindowsPerTurn && engine_.next_close_us() <= now_us; ++i) {
      waits_for_room_ = !HasRoom(kWindowBytes);
      if (waits_for_room_ || !CloseNextWindow()) break;
    }
    CountStates();
  }
  Flush();
}

void Pipeline::CloseWindows() {
  engine_.CloseAll();
  while (CloseNextWindow()) continue;
  Flush();
}

void Pipeline::CloseChanged(const compile::Program& next) {
  engine_.CloseChanged(next);
  SendClosedWindows();
}

void Pipeline::SendClosedWindows() {
  while (engine_.has_closed() && CloseNextWindow()) continue;
  Flush();
}

void Pipeline::CountStates() {
  const reduce::Reducers& reducers = engine_.reducers();
  counters_.states.Set(reducers.states());
  counters_.state_bytes.Set(reducers.state_bytes());
  counters_.state_evictions.Set(reducers.evictions());
  counters_.windows_lost.Set(reducers.windows_lost());
}

void Pipeline::Flush() {
  for (const PipelineOutput& output : outputs_) output.port->Flush();
}

}  // namespace sluice::pipeline
