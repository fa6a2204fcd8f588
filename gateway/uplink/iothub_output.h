// The output of type `iothub`: a thread that takes records from a store to IoT Hub.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "gateway/spool/doorbell.h"
#include "gateway/spool/store.h"
#include "gateway/uplink/clock.h"
#include "gateway/uplink/connection_string.h"
#include "gateway/uplink/counters.h"
#include "gateway/uplink/hub_sender.h"

namespace sluice::uplink {

struct IotHubOptions {
  std::string name;  // of the output, for the log
  ConnectionString connection;
  std::string ca_file;           // PEM bundle; empty: the system's
  std::string certificate_file;  // for x509=true
  std::string key_file;
  std::chrono::seconds sas_lifetime{3600};
  bool pack = true;
  uint64_t max_bytes = 4096;
  std::chrono::milliseconds max_delay{1000};
  std::string epoch;  // first half of every id: see MakeEpoch()
  // For tests: anything of the sender's own options but credentials and packing.
  SenderOptions sender;
};

// Names this run of the process: microseconds since 1970, in base 36.
std::string MakeEpoch(const Clock& clock);

class IotHubOutput {
 public:
  // `store`, `bell` (the store's) and `clock` outlive the output. `settle` runs on the output's
  // thread, once a burst of PUBACKs. `report` null: to the log.
  IotHubOutput(const IotHubOptions& options, spool::Store& store, spool::Doorbell& bell,
               HubSender::SettleTickets settle, const Clock& clock, Random random,
               std::function<void(const Finding&)> report = nullptr);
  ~IotHubOutput();  // Stop(0)

  void Start();
  // Packs wait no longer to fill: whoever appends is about to end, and waits for what it appended.
  void BeginDrain();
  // Sends and settles what is in the store (nobody appends any more), for `patience` at most, then
  // disconnects and ends the thread. Whether all was settled.
  bool Stop(std::chrono::milliseconds patience);

  const UplinkCounters& counters() const { return counters_; }

 private:
  class Parts;

  void Run();

  const std::string name_;
  spool::Doorbell& bell_;
  const Clock& clock_;
  UplinkCounters counters_;
  std::unique_ptr<HubLink> link_;
  std::unique_ptr<HubSender> sender_;  // of the thread, once that runs
  std::atomic<bool> draining_{false};
  // Written by Stop() before it rings: nanoseconds of the steady clock, 0 for "go on".
  std::atomic<int64_t> stop_at_ns_{0};
  std::thread thread_;
};

}  // namespace sluice::uplink
