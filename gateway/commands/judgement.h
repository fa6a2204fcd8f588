// What one configuration makes of messages, as values that can be compared with another's.
//
// All that a person would call a verdict, by names: indexes of two programs say nothing of each
// other. Owns its text. For one thread, and never on a message's way.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/message_view.h"
#include "filters/match/shaper.h"
#include "filters/reduce/rule_engine.h"

namespace sluice::commands {

// Messages to outputs: output, priority, body and properties of each as bytes that tell two apart,
// and the rules that send it (none: the default).
using SentMessages = std::multimap<std::string, std::set<std::string>>;

struct Judgement {
  std::string_view reason;                        // of a drop, as `filter` names it; empty: forward
  std::map<std::string, std::string_view> rules;  // that matched, and by what each holds it
  SentMessages messages;
  std::set<std::string> outputs;
};

// What is the same window in both configurations.
struct WindowId {
  std::string rule;
  int64_t from_us = 0;
  int64_t to_us = 0;
  std::string device;
  std::string topic;

  bool operator<(const WindowId& other) const {
    return std::tie(rule, from_us, to_us, device, topic) <
           std::tie(other.rule, other.from_us, other.to_us, other.device, other.topic);
  }
};
// With what each sends; several where `per` tells them apart.
using Windows = std::map<WindowId, std::multiset<std::string>>;

class RuleSetJudge {
 public:
  explicit RuleSetJudge(std::shared_ptr<const compile::Program> program)
      : program_(std::move(program)), engine_(program_) {}

  const compile::Program& program() const { return *program_; }

  // Time is that of messages: windows that are over by then. Before each Judge.
  Windows Advance(int64_t time_us);
  // All that are open.
  Windows CloseAll();
  Judgement Judge(const language::MessageView& message);

 private:
  Windows Closed();

  std::shared_ptr<const compile::Program> program_;
  reduce::RuleEngine engine_;
  match::Shaper shaper_;
};

}  // namespace sluice::commands
