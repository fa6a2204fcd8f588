// A thread that takes records from a store to a hub or broker: what outputs that use Paho share.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "gateway/causes/cause.h"
#include "gateway/credentials/login.h"
#include "gateway/link/paho_link.h"
#include "gateway/spool/doorbell.h"
#include "gateway/spool/store.h"
#include "gateway/uplink/clock.h"
#include "gateway/uplink/counters.h"
#include "gateway/uplink/hub_sender.h"

namespace sluice::uplink {

struct UplinkOptions {
  std::string name;  // of the output, for the log
  std::unique_ptr<credentials::LoginSource> login;
  link::PahoLink::Options link;
  SenderOptions sender;
  HubSender::DeadLetter dead_letter = nullptr;  // on the output's thread; may be empty
  Downlink* downlink = nullptr;  // rings the output's bell and outlives it; may be null
};

// Names this run of the process: microseconds since 1970, in base 36.
std::string MakeEpoch(const Clock& clock);

class UplinkOutput {
 public:
  // `store`, `bell` (the store's) and `clock` outlive the output. `settle` runs on the output's
  // thread, once a burst of PUBACKs. `report` null: to the log.
  UplinkOutput(UplinkOptions options, spool::Store& store, spool::Doorbell& bell,
               HubSender::SettleTickets settle, const Clock& clock, Random random,
               std::function<void(const causes::Finding&)> report = nullptr);
  ~UplinkOutput();  // Stop(0)
  UplinkOutput(const UplinkOutput&) = delete;
  UplinkOutput& operator=(const UplinkOutput&) = delete;

  void Start();
  // Packs wait no longer to fill: whoever appends is about to end, and waits for what it appended.
  void BeginDrain();
  // Sends and settles what is in the store (nobody appends any more), for `patience` at most, then
  // disconnects and ends the thread. Whether all was settled.
  bool Stop(std::chrono::milliseconds patience);

  const UplinkCounters& counters() const { return counters_; }

 private:
  void Run();

  const std::string name_;
  spool::Doorbell& bell_;
  const Clock& clock_;
  UplinkCounters counters_;
  const std::unique_ptr<credentials::LoginSource> login_;
  std::unique_ptr<link::Link> link_;
  std::unique_ptr<HubSender> sender_;  // of the thread, once that runs
  std::atomic<bool> draining_{false};
  // Written by Stop() before it rings: nanoseconds of the steady clock, 0 for "go on".
  std::atomic<int64_t> stop_at_ns_{0};
  std::thread thread_;
};

}  // namespace sluice::uplink
