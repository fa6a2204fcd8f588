// A server certificate of the workload API, and when it is time for another one: without threads or
// clocks.
//
// Step() asks where something is due, which blocks, and says when to call again.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "edge/workload_client.h"

namespace sluice::edge {

class CertificateRenewal {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using WallTime = std::chrono::system_clock::time_point;

  struct Options {
    std::string common_name;                           // what devices dial
    double share_of_life = 0.8;                        // then it is renewed,
    std::chrono::milliseconds check_every{3'600'000};  // and when the CAs of the device change
    std::chrono::milliseconds retry_first{2'000};
    std::chrono::milliseconds retry_last{30'000};
  };

  // `client` outlives it.
  CertificateRenewal(Options options, WorkloadClient& client);

  TimePoint Step(TimePoint now, WallTime wall);

  // Null until the first has been got. Another one after a renewal; never one that is invalid when
  // it is got.
  const std::shared_ptr<const ServerCertificate>& current() const { return current_; }

 private:
  bool IsDue(WallTime wall);
  absl::Status Renew(WallTime wall);
  void Say(const absl::Status& status, WallTime wall);

  const Options options_;
  WorkloadClient& client_;
  std::shared_ptr<const ServerCertificate> current_;
  WallTime renew_at_;        // meaningful where there is one
  std::string authorities_;  // the trust bundle when it was got; empty: not known
  int failures_ = 0;         // in a row
  bool said_expired_ = false;
};

}  // namespace sluice::edge
