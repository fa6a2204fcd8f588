// What rules make of messages, one after the other: judge, reduce, draft. The one way of a message
// through the rules, for the gateway as for `filter` and `bench`.
//
// A window gives its message when time has passed its end, so whoever runs messages asks for closed
// windows as well: (Advance NextClosed* Run)*. Run does without the other two: windows that it
// finds over are closed and wait to be asked for.
//
// For one thread. Allocates nothing for a message whose like it has seen, from a stream it knows.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/body.h"
#include "filters/language/message_view.h"
#include "filters/match/judge.h"
#include "filters/match/verdict.h"
#include "filters/reduce/hash.h"
#include "filters/reduce/reducers.h"

namespace sluice::reduce {

// The message of a window: JSON, on the topic and of the device of those it stands for, at its end.
struct ClosedWindow {
  uint16_t rule = 0;
  int64_t from_us = 0;
  int64_t to_us = 0;
  language::MessageView message;
  const match::Verdict* verdict = nullptr;
};

class RuleEngine {
 public:
  // `key` hashes what states are found by; engines that hand each other states have the same.
  explicit RuleEngine(std::shared_ptr<const compile::Program> program, HashKey key = {});

  // The verdict and all it views live until the next call; `message` must live as long.
  const match::Verdict& Run(const language::MessageView& message);

  // Of the rules that matched the last message, those whose reducer held it, and by what.
  struct Held {
    uint16_t rule = 0;
    match::DropReason reason = match::DropReason::kNone;
  };
  std::span<const Held> held() const { return held_; }

  // What reducers would do with this message and why, without doing it: of each rule that matches
  // and has any. Before Run of the same message.
  struct Explained {
    uint16_t rule = 0;
    ExplainedReduction reduction;
  };
  std::vector<Explained> Explain(const language::MessageView& message);

  // Time is that of messages and never goes back.
  void Advance(int64_t time_us) { reducers_.Advance(time_us); }
  // The same by a clock that may be set; true if it was set back (Reducers::Follow).
  bool Follow(int64_t clock_us) { return reducers_.Follow(clock_us); }
  // The next window that is over, null if there is none. As of Run, it lives until the next call.
  const ClosedWindow* NextClosed();
  // Whether there is one that had to go before its time.
  bool has_closed() const { return reducers_.has_closed(); }
  // When a window will be over; Reducers::kNever: none is open.
  int64_t next_close_us() const { return reducers_.next_close_us(); }
  // All that are open are over.
  void CloseAll() { reducers_.Advance(Reducers::kNever); }

  // Windows of rules that `next` has changed or lost are over: `next` can Adopt then.
  void CloseChanged(const compile::Program& next) { reducers_.CloseChanged(next); }
  // Takes over what `old`, of an earlier program, knows of rules that are unchanged; `old` judges
  // no more.
  void Adopt(RuleEngine& old) { reducers_.Adopt(old.reducers_); }

  const compile::Program& program() const { return judge_.program(); }
  const Reducers& reducers() const { return reducers_; }
  Reducers& reducers() { return reducers_; }
  // What is known of the last message's body; kUnread if no rule asked.
  language::BodyReader::State body_state() const { return judge_.body_state(); }

 private:
  std::span<const uint16_t> Find(const language::MessageView& message);

  match::Judge judge_;
  Reducers reducers_;
  bool is_started_ = false;   // the reducers have this message
  bool was_started_ = false;  // the last message had to do with them
  std::vector<uint16_t> passed_;
  std::vector<uint16_t> errors_;
  std::vector<Held> held_;
  match::Verdict verdict_;
  ClosedWindow closed_;
};

}  // namespace sluice::reduce
