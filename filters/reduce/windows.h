// The windows of all rules: what comes in is added up until time reaches their end.
//
// Open ones are kept with the states they belong to, in the store; those that had to go before
// their time wait here. Time is that of messages. For one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "filters/compile/program.h"
#include "filters/match/judge.h"
#include "filters/reduce/state_store.h"

namespace sluice::reduce {

// The last multiple of `every_us` that is not later.
int64_t FloorTo(int64_t time_us, int64_t every_us);

// What a window came to.
struct WindowResult {
  uint16_t rule = 0;
  std::string device;
  std::string topic;
  int64_t from_us = 0;
  int64_t to_us = 0;
  std::string body;  // {"from":…,"to":…,names}, with slack behind it
};

class Windows {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  // Both outlive it.
  Windows(const compile::Program& program, StateStore& store) : program_(program), store_(store) {}

  // The store is another now: `slots` are those of rules, kNoIndex for those without reduction.
  void Bind(const std::vector<uint32_t>& slots);
  bool empty() const { return rules_.empty(); }

  // The message that `judge` has at hand, into the window of `state`.
  void Add(const compile::Window& window, uint32_t state, int64_t now_us, match::Judge& judge);
  // The state's window has to go.
  void Detach(uint32_t state);

  // The next window that had to go or is over, null if there is none; lives until the next call.
  // Those of one time come in the order of rules, then in that of their first messages.
  const WindowResult* Next(int64_t now_us);
  bool has_detached() const { return !detached_.empty(); }
  // When one will be over; kNever: none is open.
  int64_t next_close_us() const { return next_close_us_; }

  // Time is earlier now than before: windows that were over have to go, those that would begin
  // later are those of now.
  void SetBack(int64_t before_us, int64_t now_us);

  // Those of rules that `next` has changed or lost have to go.
  void DetachChanged(const compile::Program& next);

  // Of those that had to go, how many were not asked for before there were too many of them.
  uint64_t lost() const { return lost_; }
  void set_lost(uint64_t lost) { lost_ = lost; }

 private:
  void CloseInto(uint32_t state, WindowResult* result);
  // Of the rule's open windows; kNever: it has none.
  int64_t FirstEnd(uint16_t rule) const;
  void FindNextClose();
  bool CollectDue(int64_t now_us);

  const compile::Program& program_;
  StateStore& store_;
  std::vector<uint16_t> rules_;          // that have windows, in order
  std::vector<uint32_t> slots_;          // by rule
  std::vector<uint16_t> rules_of_slot_;  // by slot
  int64_t next_close_us_ = kNever;
  uint64_t lost_ = 0;
  std::deque<WindowResult> detached_;
  uint64_t detached_bytes_ = 0;
  std::vector<std::pair<int64_t, uint16_t>> due_;  // ends and rules, the next one last
  WindowResult closed_;                            // what Next gave out
};

}  // namespace sluice::reduce
