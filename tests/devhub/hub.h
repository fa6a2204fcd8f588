// What all connections share: identities, sessions, faults, the message log, counters. One thread,
// no locks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/devhub/clock.h"
#include "tests/devhub/cloud.h"
#include "tests/devhub/faults.h"
#include "tests/devhub/hub_error.h"
#include "tests/devhub/message_line.h"
#include "tests/devhub/message_log.h"
#include "tests/devhub/property_bag.h"
#include "tests/devhub/registry.h"
#include "tests/devhub/role.h"
#include "tests/devhub/tier_limits.h"

namespace sluice::devhub {

class Dps;
class HubClient;

// What clean session 0 keeps (section 3), beside the cloud's queue of messages.
struct Session {
  Subscriptions subscriptions;
};

struct Statistics {
  uint64_t accepted = 0;                    // connections that got CONNACK 0
  uint64_t messages = 0;                    // stored
  uint64_t operations = 0;                  // what throttles count: sends, however large
  uint64_t blocks = 0;                      // what the bill counts
  uint64_t bytes = 0;                       // metered
  std::map<std::string, uint64_t> refused;  // connections refused or closed by the hub, by reason
  struct PerDevice {
    uint64_t messages = 0;
    uint64_t blocks = 0;
  };
  std::map<std::string, PerDevice> devices;  // by client id
};

class Hub {
 public:
  // The clock must outlive the hub. `log_line` gets a line for each refusal.
  Hub(const Clock& clock, Registry registry, MessageLog log,
      std::function<void(const std::string&)> log_line);

  // Asked before each CONNECT is judged, and by the server once a second: identities to use from
  // now on, if they have changed.
  using RegistrySource = std::function<std::optional<Registry>()>;
  void set_registry_source(RegistrySource source) { registry_source_ = std::move(source); }
  void RefreshRegistry();

  // The provisioning service that makes identities here; null if there is none. It must outlive
  // the last conversation.
  void set_dps(Dps* dps) { dps_ = dps; }
  Dps* dps() const { return dps_; }
  // An identity that DPS makes, or gives another credential. It stays when the identities are read
  // again, unless they list it.
  void Provision(Device device);
  // Deletes it, as an operator would in the hub; false if DPS has not made it.
  bool Unprovision(const std::string& device_id);

  // --- For clients.

  // `client` now speaks for its identity; an older one is closed (section 11). Returns the
  // session, fresh if `clean` or if there is none; `*present` says which.
  Session* Enter(HubClient* client, bool clean, bool* present);
  // The client is gone. A clean session is forgotten.
  void Leave(HubClient* client);
  // Null if it is not connected.
  HubClient* Find(const Identity& identity) const;

  // What becomes of a CONNECT that was found in order: how long its answer waits, or nothing if it
  // is refused for now.
  std::optional<int64_t> JudgeConnect(const std::string& client_id);
  // Null where nothing is limited.
  TierLimits* limits() { return limits_ ? &*limits_ : nullptr; }

  // What becomes of a publish, faults and the tier's throttle considered.
  Faults::Fate Judge(std::string_view client_id);
  // Appends a message to the log. Nothing may be acknowledged before Flush(). Null, or why it was
  // refused.
  const HubError* Store(const Stamp& stamp, const std::string& client_id,
                        const MessageProperties& properties, std::string_view payload,
                        size_t metered_bytes);

  // Counts the blocks of what is no telemetry but on the bill: twins, methods, messages to devices.
  // False, and nothing counted, if the day's quota does not allow it.
  bool Bill(size_t bytes);

  // Counts a refusal and logs it with its reason, as the hub's Connections log would.
  void Report(const HubError& error, std::string_view client_id, std::string_view address,
              std::string_view detail);

  // Whether CONNECT is answered with "server unavailable" for now (a service upgrade, section 13).
  bool RefusesConnects() const { return clock_.SteadyMicros() < refuse_until_us_; }

  // --- For the server and the control socket.

  absl::Status Flush() { return log_.Flush(); }
  bool HasPendingMessages() { return !log_.pending()->empty(); }

  // Swaps the identities; connections of those that are gone, disabled or have other credentials
  // are closed.
  void SetRegistry(Registry registry);

  // Closes the connections of `client_id`, all if it is empty, and answers CONNECTs with 3 for a
  // while.
  size_t Disconnect(std::string_view client_id, int64_t refuse_us);

  // All faults end, refused CONNECTs too.
  void ClearFaults();

  // Ends calls of methods whose time is over. At NextDeadline() (steady time) or later.
  void Tick() { cloud_.methods().Expire(clock_.SteadyMicros()); }
  int64_t NextDeadline() { return cloud_.methods().NextDeadline(); }

  Cloud& cloud() { return cloud_; }
  Faults& faults() { return faults_; }
  const Clock& clock() const { return clock_; }
  const Registry& registry() const { return registry_; }
  const Statistics& statistics() const { return statistics_; }
  size_t connections() const { return connected_.size(); }
  // edgeHub's MaxConnectedClients.
  bool is_full() const { return registry_.is_edge_hub() && connected_.size() >= 100; }
  // Blocks since 00:00 UTC, what the quota counts (section 12).
  uint64_t blocks_today();

 private:
  // Identities from now on; connections of those that are gone or changed are closed.
  void Swap(Registry registry);
  bool WithinQuota(uint64_t blocks);
  std::string_view EnqueuedTime(int64_t unix_us);

  const Clock& clock_;
  Registry registry_;
  MessageLog log_;
  std::function<void(const std::string&)> log_line_;
  RegistrySource registry_source_;
  Dps* dps_ = nullptr;
  std::map<std::string, Device> provisioned_;  // by device id
  Faults faults_;
  std::optional<TierLimits> limits_;
  Statistics statistics_;
  std::unordered_map<std::string, HubClient*> connected_;  // by client id
  std::unordered_map<std::string, Session> sessions_;
  Cloud cloud_;
  int64_t refuse_until_us_ = 0;
  int64_t day_ = 0;  // since 1970
  uint64_t blocks_today_ = 0;
  int64_t enqueued_ms_ = -1;
  UtcText enqueued_text_ = {};
};

}  // namespace sluice::devhub
