// What rules make of messages, one after the other: judge, reduce, draft. The one way of a message
// through the rules, for the gateway as for `filter` and `bench`.
//
// For one thread. Allocates nothing for a message whose like it has seen.
#pragma once

#include <memory>

#include "filters/compile/program.h"
#include "filters/language/body.h"
#include "filters/language/message_view.h"
#include "filters/match/judge.h"
#include "filters/match/verdict.h"

namespace sluice::reduce {

class RuleEngine {
 public:
  explicit RuleEngine(std::shared_ptr<const compile::Program> program)
      : judge_(std::move(program)) {}

  // The verdict and all it views live until the next call; `message` must live as long.
  const match::Verdict& Run(const language::MessageView& message) { return judge_.Run(message); }

  // Takes over what `old`, of an earlier program, knows of rules that are unchanged; `old` judges
  // no more.
  void Adopt(RuleEngine& /*old*/) {}

  const compile::Program& program() const { return judge_.program(); }
  // What is known of the last message's body; kUnread if no rule asked.
  language::BodyReader::State body_state() const { return judge_.body_state(); }

 private:
  match::Judge judge_;
};

}  // namespace sluice::reduce
