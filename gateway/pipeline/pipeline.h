// One worker's way of a publish: admission, rules, shape, a record for each output.
//
// Runs on its worker's thread alone. A publish that is dropped allocates nothing; one that is
// forwarded is copied once, into the record. A reload makes a new one, on whatever thread:
// configuration and program never change in it. The new one then takes over on the worker's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/json_reader.h"
#include "filters/match/judge.h"
#include "filters/match/shaper.h"
#include "filters/reduce/rule_engine.h"
#include "gateway/pipeline/admission.h"
#include "gateway/pipeline/counters.h"
#include "gateway/pipeline/device_properties.h"
#include "gateway/pipeline/output_port.h"
#include "gateway/pipeline/pipeline_log.h"
#include "gateway/pipeline/sequence.h"
#include "gateway/session/ack_ticket.h"

namespace sluice::pipeline {

// A publish with its sender. Views live for the call. The payload has language::kPayloadSlack bytes
// behind it; the topic is valid for PUBLISH.
struct Publish {
  std::string_view identity;
  std::string_view topic;
  std::string_view payload;
  std::string_view content_type;  // data() null: undeclared
  bool payload_is_utf8 = false;   // MQTT 5's payload format indicator
  std::span<const language::PropertyView> user_properties;
  int64_t time_us = 0;
  uint8_t qos = 0;
  std::optional<session::AckTicket> ticket;  // of QoS 1 and 2; none: nobody waits
};

struct PublishResult {
  enum class Kind : uint8_t {
    kTaken,      // settle at once if `pending` is 0, else when that many settlements have come back
    kForbidden,  // outside the device's templates; the caller counts it and says so
    kNoRoom,     // QoS 0 alone: it was to be forwarded, and no output had room
    kRefused,    // QoS 1 and 2: the same at outputs that refuse what they have no room for
  };
  Kind kind = Kind::kTaken;
  uint8_t pending = 0;
};

// An output as a pipeline sees it. In the order of the program's outputs.
struct PipelineOutput {
  OutputPort* port = nullptr;  // outlives the pipeline
  bool acknowledges = true;    // false: `ack: received`, records carry no ticket
};

class Pipeline {
 public:
  // `sequences` and the ports outlive the pipeline. `rule_numbers`: spool::RuleNames' of the
  // program's rules; none: their places.
  Pipeline(std::shared_ptr<const Admission> admission,
           std::shared_ptr<const compile::Program> program, std::vector<PipelineOutput> outputs,
           Sequences& sequences, reduce::HashKey key = {}, std::vector<uint16_t> rule_numbers = {});

  // Goes on where `old` ends, before the first publish: its counts, for a rule those of its
  // predecessor (compile::PredecessorsByName of the two programs), and what its reducers know where
  // the rule is unchanged. Both have the same outputs. `old` takes nothing more.
  void Adopt(Pipeline& old, std::span<const uint16_t> predecessors);

  // Whether a QoS 1 or 2 publish of up to `bytes` can be taken now, wherever rules send it.
  bool HasRoom(uint64_t bytes);
  // After that: whether the room is such that only what is urgent may have it, IsUrgent() says
  // what: judged without any effect, since reducers must see a message once, when it is taken.
  bool is_tight() const { return tight_outputs_ != 0; }
  bool IsUrgent(const Publish& publish);

  PublishResult Take(const Publish& publish);

  // The turn's publishes have all been offered: closes windows that are over by `now_us` and hands
  // the records on. A turn closes so many that nobody waits long for it.
  void EndTurn(int64_t now_us);
  // When there is something to do even if no publish comes; reduce::Reducers::kNever: never.
  int64_t next_turn_us() const { return waits_for_room_ ? kNever : engine_.next_close_us(); }
  // Nothing comes any more. Both send whether there is room or not: all windows that are open, or
  // those alone that had to go before their time.
  void CloseWindows();
  void SendClosedWindows();

  reduce::Reducers& reducers() { return engine_.reducers(); }

  const PipelineCounters& counters() const { return counters_; }
  const compile::Program& program() const { return *program_; }

 private:
  static constexpr int64_t kNever = reduce::Reducers::kNever;

  // Whether no output that would get it has room, and it is one that is refused then. Asked before
  // reducers see it: what they believe to have passed they hold when it is sent again.
  bool IsTurnedAway(const Publish& publish, const language::MessageView& message);
  language::MessageView View(const Publish& publish);
  void Count(const Publish& publish, const match::Verdict& verdict,
             const match::Shaper::Result& shaped);
  PublishResult Forward(const Publish& publish, const language::MessageView& message,
                        const match::Shaper::Result& shaped);
  bool CloseNextWindow();
  // Of rules that `next` has not, or otherwise.
  void CloseChanged(const compile::Program& next);
  void Flush();
  void CountStates();
  bool BodyIsJson(const language::MessageView& message);
  void FillProperties(const language::MessageView& message);
  void FillSet(const match::Delivery& delivery);

  std::shared_ptr<const Admission> admission_;
  std::shared_ptr<const compile::Program> program_;
  std::vector<PipelineOutput> outputs_;
  std::vector<uint16_t> rule_numbers_;  // by the program's rules
  SequenceBlock sequence_;
  reduce::RuleEngine engine_;
  match::Judge probe_;  // judges without effect where the last room is for what is urgent
  match::Shaper shaper_;
  language::JsonPaths no_paths_;
  language::JsonReader json_;  // tells JSON from other bodies where no rule did
  DeviceProperties properties_;
  std::vector<uint64_t> shapes_of_output_;  // the most records of one message that go to it
  std::vector<spool::Property> device_properties_;
  std::vector<spool::Property> system_properties_;
  std::vector<spool::Property> set_properties_;
  uint64_t tight_outputs_ = 0;   // a bit each
  uint64_t forged_ = 0;          // properties of the message under way
  bool waits_for_room_ = false;  // a window does
  PipelineCounters counters_;
  PipelineLog log_;
};

}  // namespace sluice::pipeline
