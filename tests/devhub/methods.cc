#include "tests/devhub/methods.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::devhub {

uint64_t Methods::Begin(const std::string& client_id, int64_t deadline_us, MethodReply reply) {
  calls_.emplace(next_rid_, Call{client_id, deadline_us, std::move(reply)});
  return next_rid_++;
}

bool Methods::Answer(const std::string& client_id, uint64_t rid, const MethodResult& result) {
  const auto found = calls_.find(rid);
  if (found == calls_.end() || found->second.client_id != client_id) return false;
  const Call call = std::move(found->second);
  calls_.erase(found);  // first: the reply may begin another call
  call.reply(result);
  return true;
}

void Methods::Expire(int64_t steady_us) {
  std::vector<Call> expired;
  std::erase_if(calls_, [&](auto& entry) {
    if (entry.second.deadline_us > steady_us) return false;
    expired.push_back(std::move(entry.second));
    return true;
  });
  for (const Call& call : expired) {
    call.reply({Failure{kMethodTimeout, "the client did not reply in time"}, 0, ""});
  }
}

int64_t Methods::NextDeadline() const {
  int64_t next = INT64_MAX;
  for (const auto& [rid, call] : calls_) next = std::min(next, call.deadline_us);
  return next;
}

}  // namespace sluice::devhub
