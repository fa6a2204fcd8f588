#include "tests/devhub/faults.h"

#include <algorithm>

namespace sluice::devhub {

Throttle::Throttle(double per_second, double burst, int64_t patience_us)
    : interval_us_(std::max<int64_t>(1, static_cast<int64_t>(1e6 / per_second))),
      burst_us_(static_cast<int64_t>(std::max(1.0, burst) * static_cast<double>(interval_us_))),
      patience_us_(patience_us) {}

std::optional<int64_t> Throttle::Take(int64_t now_us) {
  const int64_t line = std::max(line_us_, now_us) + interval_us_;
  const int64_t wait = std::max<int64_t>(0, line - burst_us_ - now_us);
  if (wait > patience_us_) return std::nullopt;
  line_us_ = line;
  return wait;
}

void Faults::Set(Fault fault) {
  std::erase_if(faults_, [&](const Fault& old) {
    return old.kind == fault.kind && old.client_id == fault.client_id;
  });
  std::erase_if(connects_, [&](const auto& old) { return old.first.first == fault.client_id; });
  faults_.push_back(std::move(fault));
}

void Faults::EndOverdue(int64_t now_us) {
  std::erase_if(faults_, [now_us](const Fault& fault) {
    return now_us >= fault.until_us || fault.count == 0u;
  });
}

std::optional<int64_t> Faults::OnConnect(const std::string& client_id, int64_t now_us) {
  int64_t longest_us = 0;
  EndOverdue(now_us);
  for (Fault& fault : faults_) {
    if (fault.kind != Fault::Kind::kConnect) continue;
    if (!fault.client_id.empty() && fault.client_id != client_id) continue;
    if (fault.count) --*fault.count;
    Throttle& throttle =
        connects_.try_emplace({fault.client_id, client_id}, *fault.throttle).first->second;
    const std::optional<int64_t> wait_us = throttle.Take(now_us);
    if (!wait_us) return std::nullopt;
    longest_us = std::max(longest_us, *wait_us);
  }
  return longest_us;
}

std::optional<int> Faults::OnWorkload(int64_t now_us) {
  EndOverdue(now_us);
  for (Fault& fault : faults_) {
    if (fault.kind != Fault::Kind::kWorkload) continue;
    if (fault.count) --*fault.count;
    return fault.status;
  }
  return std::nullopt;
}

Faults::Fate Faults::OnPublish(std::string_view client_id, int64_t now_us) {
  Fate fate;
  if (faults_.empty()) return fate;
  EndOverdue(now_us);
  for (Fault& fault : faults_) {
    if (fault.kind == Fault::Kind::kConnect || fault.kind == Fault::Kind::kWorkload) continue;
    if (!fault.client_id.empty() && fault.client_id != client_id) continue;
    if (fault.after > 0) {
      --fault.after;
      continue;
    }
    if (fault.count) --*fault.count;
    switch (fault.kind) {
      case Fault::Kind::kSlow:
        fate.delay_us += fault.delay_us;
        break;
      case Fault::Kind::kNoAck:
        fate.acknowledge = false;
        fate.store = fate.store && fault.store;
        break;
      case Fault::Kind::kDisconnect:
        fate.close = &kServiceUpgrade;
        break;
      case Fault::Kind::kConnect:
      case Fault::Kind::kWorkload:
        break;
      case Fault::Kind::kThrottle: {
        const std::optional<int64_t> wait = fault.throttle->Take(now_us);
        if (wait) {
          fate.delay_us += *wait;
        } else {
          fate.close = &kThrottled;
        }
        break;
      }
    }
  }
  return fate;
}

}  // namespace sluice::devhub
