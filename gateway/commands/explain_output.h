// What `sluice explain` prints of one message: for people, or as a line of JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/message_view.h"
#include "filters/match/explain.h"
#include "filters/reduce/explain.h"

namespace sluice::commands {

// One message with its rules. Views live for the call.
struct ExplainedMessage {
  uint64_t line = 0;
  const language::MessageView* message = nullptr;
  bool forwards = false;
  std::string_view reason;  // of a drop, as `filter` names it
  std::vector<std::string> outputs;
  std::vector<match::ExplainedRule> rules;  // none where the topic is bad
  std::vector<std::string_view> held;       // by rule: its reducer that held it, or empty
  std::vector<reduce::ExplainedReduction> reductions;  // by rule
  std::string_view only_rule;                          // the one to show; empty: all
};

// A line, its line feed included.
std::string ExplanationAsJson(const compile::Program& program, const ExplainedMessage& explained);

// The same of a line that is no message.
std::string ExplainedErrorAsJson(uint64_t line, const std::string& error);

// Paragraphs; `colours` for terminals.
std::string ExplanationForPeople(const compile::Program& program, const ExplainedMessage& explained,
                                 bool colours);

}  // namespace sluice::commands
