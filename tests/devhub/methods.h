// Direct methods under way: who waits for which reply, and until when (sheet, section 10).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/devhub/hub_error.h"

namespace sluice::devhub {

struct MethodResult {
  std::optional<Failure> failure;  // else status and payload are the client's
  int status = 0;
  std::string payload;  // JSON, or empty
};
using MethodReply = std::function<void(const MethodResult&)>;

class Methods {
 public:
  // A new call to `client_id`; `reply` is called once, by Answer() or Expire(). Returns its id.
  uint64_t Begin(const std::string& client_id, int64_t deadline_us, MethodReply reply);
  // The reply that came from `client_id` for call `rid`. False if nobody waits for it (any more),
  // or if it is another client's.
  bool Answer(const std::string& client_id, uint64_t rid, const MethodResult& result);
  void Expire(int64_t steady_us);
  int64_t NextDeadline() const;

 private:
  struct Call {
    std::string client_id;
    int64_t deadline_us;
    MethodReply reply;
  };
  std::map<uint64_t, Call> calls_;
  uint64_t next_rid_ = 1;
};

}  // namespace sluice::devhub
