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
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/message_view.h"
#include "filters/language/value.h"
#include "filters/match/judge.h"
#include "filters/match/verdict.h"
#include "filters/reduce/state_store.h"

namespace sluice::reduce {

// The last multiple of `every_us` that is not later.
int64_t FloorTo(int64_t time_us, int64_t every_us);

// Of what is kept by key: nothing if the bytes are none.
std::optional<std::string_view> DeviceOfKey(std::string_view key);

// What a window came to.
struct WindowResult {
  uint16_t rule = 0;
  std::string device;
  std::string topic;
  int64_t from_us = 0;
  int64_t to_us = 0;
  std::string body;  // {"from":…,"to":…,names}, with slack behind it
};

class Reducers {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // `program` outlives it. Equal keys give equal states.
  Reducers(const compile::Program& program, HashKey key);

  bool empty() const { return !any_; }

  void Advance(int64_t time_us) { now_us_ = time_us > now_us_ ? time_us : now_us_; }
  int64_t now_us() const { return now_us_; }

  // A message that `judge` has at hand; then Hold for rules that matched and have a reduction.
  void Start(const language::MessageView& message);
  // What the last message needed, this one may need, too: memory comes while it is judged. The
  // second some time after the first.
  void Prefetch() const;
  void PrefetchState() const;
  // By what the rule holds it; kNone: it passes.
  match::DropReason Hold(uint16_t rule, match::Judge& judge);

  // The next window that is over or had to go, null if there is none; lives until the next call.
  // Those of one time come in the order of rules, then in that of their first messages.
  const WindowResult* NextClosed();
  // When a window will be over; kNever: none is open.
  int64_t next_close_us() const { return has_closed() ? now_us_ : next_close_us_; }
  bool has_closed() const { return !detached_.empty(); }

  // Before Adopt, on `old`: windows of rules that `next` has changed or lost are over.
  void CloseChanged(const compile::Program& next);
  // Takes all states of rules that are unchanged.
  void Adopt(Reducers& old);

  uint64_t states() const { return store_.states(); }
  uint64_t state_bytes() const { return store_.bytes(); }
  uint64_t evictions() const { return evictions_; }
  // Windows that had to go and were not asked for before there were too many of them.
  uint64_t windows_lost() const { return windows_lost_; }

  const compile::Program& program() const { return program_; }
  const StateStore& store() const { return store_; }
  // In place of what is known so far; of a state file that was read at that time.
  void Load(StateStore store, int64_t now_us);

 private:
  void Bind();
  void TakeStore(StateStore store);
  void MakeKey(const compile::Reduction& reduction, match::Judge& judge);
  void AppendValue(const language::Value& value, std::string_view raw);
  uint32_t FindOrInsert(uint32_t slot);
  void MakeRoom();
  bool IsDuplicate(uint32_t slot, int64_t period_us);
  bool HasChanged(const compile::OnChange& on_change, uint32_t slot, match::Judge& judge,
                  uint32_t* state);
  void AddToWindow(const compile::Window& window, uint32_t state, match::Judge& judge);
  void CloseInto(uint32_t state, WindowResult* result);
  void Detach(uint32_t state);
  bool CollectDue();

  const compile::Program& program_;
  StateStore store_;
  bool any_ = false;
  std::vector<uint32_t> slots_;         // by rule; kNoIndex: it has no reduction
  std::vector<uint16_t> rules_;         // by slot
  std::vector<uint16_t> window_rules_;  // in order
  int64_t now_us_ = std::numeric_limits<int64_t>::min();
  int64_t next_close_us_ = kNever;
  uint64_t evictions_ = 0;
  uint64_t windows_lost_ = 0;

  // Of the message at hand.
  std::string_view payload_;
  std::string key_;  // device and topic, then values of `per`
  size_t stream_size_ = 0;
  Digest stream_digest_;  // of device and topic alone
  Digest digest_;
  std::string value_;  // scratch

  std::deque<WindowResult> detached_;  // had to go before they were asked for
  uint64_t detached_bytes_ = 0;
  uint32_t likely_slot_ = kNoIndex;
  std::vector<std::pair<int64_t, uint16_t>> due_;  // ends and rules, the next one last
  WindowResult closed_;                            // what NextClosed gave out
};

}  // namespace sluice::reduce
