// Faults that a test orders over the control socket, and the hub's own throttle.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/devhub/hub_error.h"

namespace sluice::devhub {

// Sends pass in a burst, then at a rate; those above it wait (a late PUBACK), and one that would
// wait longer than `patience` is refused (sheet, sections 12 and 13). The sheet gives no figure for
// burst and patience.
class Throttle {
 public:
  Throttle(double per_second, double burst, int64_t patience_us);

  // Takes a send's place in line: how long it waits, or nothing if it is refused.
  std::optional<int64_t> Take(int64_t now_us);

 private:
  int64_t interval_us_;
  int64_t burst_us_;
  int64_t patience_us_;
  int64_t line_us_ = 0;  // when the next send would pass if none had a burst
};

struct Fault {
  enum class Kind { kThrottle, kDisconnect, kNoAck, kSlow, kConnect, kWorkload };

  Kind kind = Kind::kSlow;
  std::string client_id;          // empty: everyone
  std::optional<uint64_t> count;  // how many more publishes it strikes; absent: any number
  int64_t until_us = INT64_MAX;   // steady time
  int64_t delay_us = 0;           // slow: how late the PUBACK is
  uint64_t after = 0;  // disconnect: publishes that still pass before the one that is cut
  int status = 0;      // workload: what requests are answered
  bool store = true;   // no-ack: whether the message is stored all the same
  std::optional<Throttle> throttle;  // connect: as each identity's begins
};

class Faults {
 public:
  // What becomes of one publish.
  struct Fate {
    int64_t delay_us = 0;
    bool acknowledge = true;
    int status = 0;  // workload: what requests are answered
    bool store = true;
    const HubError* close = nullptr;
  };

  // In place of an earlier one of the same kind for the same clients.
  void Set(Fault fault);
  void Clear() {
    faults_.clear();
    connects_.clear();
  }
  size_t size() const { return faults_.size(); }

  // What becomes of one CONNECT of an identity that may connect: how long it waits, or nothing if
  // it is refused.
  std::optional<int64_t> OnConnect(const std::string& client_id, int64_t now_us);

  // What a request to the workload API is answered in place of its answer.
  std::optional<int> OnWorkload(int64_t now_us);

  Fate OnPublish(std::string_view client_id, int64_t now_us);

 private:
  void EndOverdue(int64_t now_us);

  std::vector<Fault> faults_;
  std::map<std::pair<std::string, std::string>, Throttle> connects_;  // by fault's client, client
};

}  // namespace sluice::devhub
