// dedup, on_change, sample, rate and window of all rules of a program, with their states.
//
// Time is that of the messages and never goes back. A state is kept by rule, device, topic and the
// values of `per`, where undefined is a value like others; a new one is all that is allocated.
//
//   dedup      holds a body that passed on this stream less than the given time ago
//   on_change  holds what differs too little from the last that passed; undefined is held
//   sample     passes the 1st, the N+1th …
//   rate       a bucket, full at first
//   window     holds all, and closes by time
//
// Each sees what the one before it passed, and "passed" is what it passed itself. For one thread.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/message_view.h"
#include "filters/match/judge.h"
#include "filters/match/verdict.h"
#include "filters/reduce/explain.h"
#include "filters/reduce/state_store.h"
#include "filters/reduce/windows.h"

namespace sluice::reduce {

class Reducers {
 public:
  static constexpr int64_t kNever = Windows::kNever;

  // `program` outlives it. Equal keys give equal states.
  Reducers(const compile::Program& program, HashKey key);
  Reducers(const Reducers&) = delete;
  Reducers& operator=(const Reducers&) = delete;

  bool empty() const { return !any_; }

  void Advance(int64_t time_us) { now_us_ = time_us > now_us_ ? time_us : now_us_; }
  // For who judges by a clock that may be set: a step back is waited out if it is small; else time
  // goes on from there. States keep their age, and windows that would begin later are those of now.
  // True: that was such a step.
  static constexpr int64_t kMaxWaitUs = 1'000'000;
  bool Follow(int64_t clock_us);
  int64_t now_us() const { return now_us_; }

  // A message that `judge` has at hand; then Hold for rules that matched and have a reduction.
  void Start(const language::MessageView& message);
  // What the last message needed, this one may need, too: memory comes while it is judged. The
  // second some time after the first.
  void Prefetch() const;
  void PrefetchState() const;
  // By what the rule holds it; kNone: it passes.
  match::DropReason Hold(uint16_t rule, match::Judge& judge);

  // What Hold would do now and why, without doing it.
  ExplainedReduction Explain(uint16_t rule, match::Judge& judge);

  // The next window that is over or had to go, null if there is none; lives until the next call.
  // Those of one time come in the order of rules, then in that of their first messages.
  const WindowResult* NextClosed();
  // When a window will be over; kNever: none is open.
  int64_t next_close_us() const { return has_closed() ? now_us_ : windows_.next_close_us(); }
  bool has_closed() const { return windows_.has_detached(); }

  // Before Adopt, on `old`: windows of rules that `next` has changed or lost are over.
  void CloseChanged(const compile::Program& next) { windows_.DetachChanged(next); }
  // Takes all states of rules that are unchanged.
  void Adopt(Reducers& old);

  uint64_t states() const { return store_.states(); }
  uint64_t state_bytes() const { return store_.bytes(); }
  uint64_t evictions() const { return evictions_; }
  // Windows that had to go and were not asked for before there were too many of them.
  uint64_t windows_lost() const { return windows_.lost(); }

  const compile::Program& program() const { return program_; }
  const StateStore& store() const { return store_; }
  // In place of what is known so far; of a state file that was read at that time.
  void Load(StateStore store, int64_t now_us);

 private:
  void Bind();
  void TakeStore(StateStore store);
  void MakeKey(const compile::Reduction& reduction, match::Judge& judge);
  uint32_t FindOrInsert(uint32_t slot);
  void MakeRoom();
  bool IsDuplicate(uint32_t slot, int64_t period_us);
  bool HasChanged(const compile::OnChange& on_change, uint32_t slot, match::Judge& judge,
                  uint32_t* state);

  const compile::Program& program_;
  StateStore store_;
  Windows windows_;
  bool any_ = false;
  std::vector<uint32_t> slots_;  // by rule; kNoIndex: it has no reduction
  int64_t now_us_ = std::numeric_limits<int64_t>::min();
  uint64_t evictions_ = 0;
  uint32_t likely_slot_ = kNoIndex;  // what the last message needed

  // Of the message at hand.
  std::string_view payload_;
  std::string key_;  // device and topic, then values of `per`
  size_t stream_size_ = 0;
  Digest stream_digest_;  // of device and topic alone
  Digest digest_;
  std::string value_;  // scratch
};

}  // namespace sluice::reduce
