// Why each rule did or did not match a message line: what `explain` and the method of that name do.
//
// One thread. Reducers begin empty and remember the lines before.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "filters/compile/program.h"
#include "filters/compile/rule_spec.h"
#include "filters/match/explain.h"
#include "filters/match/shaper.h"
#include "filters/reduce/rule_engine.h"
#include "gateway/commands/explain_output.h"
#include "gateway/commands/line_messages.h"

namespace sluice::commands {

class MessageExplainer {
 public:
  // `rules` is what `program` was compiled from.
  MessageExplainer(std::shared_ptr<const compile::Program> program,
                   const compile::RuleSetSpec& rules)
      : program_(std::move(program)), explainer_(program_, rules), engine_(program_) {}

  // Fills all but `line` and `only_rule` of what is explained, which lives until the next call. An
  // error says why the line is no message.
  absl::Status Explain(std::string_view line, ExplainedMessage* explained);
  // Only reducers take notice of the line.
  void Pass(std::string_view line);

  const compile::Program& program() const { return *program_; }

 private:
  void Judge(ExplainedMessage* explained);

  const std::shared_ptr<const compile::Program> program_;
  match::Explainer explainer_;
  reduce::RuleEngine engine_;
  match::Shaper shaper_;
  LineMessages messages_;
};

}  // namespace sluice::commands
