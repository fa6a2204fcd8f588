// The gateway at its hub: answers methods, follows the twin. A thread of its own, so that nothing
// it does delays telemetry.
//
// As a downlink it is called on the output's thread and only notes what came, up to a bound. What
// it was made of (methods, the gateway's side of the twin) runs on the agent's thread and may
// answer later, from any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gateway/cloud/method_calls.h"
#include "gateway/cloud/reported.h"
#include "gateway/cloud/twin_sync.h"
#include "gateway/spool/doorbell.h"
#include "gateway/uplink/clock.h"
#include "gateway/uplink/downlink.h"

namespace sluice::cloud {

// What the twin has to do with a gateway. Called on the agent's thread.
struct TwinHost {
  // What is reported beside the fate of desired properties.
  std::function<Facts()> facts;
  // Takes over what is desired, all or nothing; `done` once, from any thread.
  std::function<void(const Desired& desired, std::function<void(ApplyResult)> done)> apply;
};

class Agent final : public uplink::Downlink {
 public:
  struct Options {
    TwinSync::Options twin;
    MethodCalls::Options calls;
    // Of what was taken over before: of a state that outlived a restart. 0: none.
    uint64_t version_in_force = 0;
    std::string section_in_force;
    std::vector<std::string> sections_in_force;
  };

  // `bell` is the output's, `clock` outlives the agent.
  Agent(const Options& options, MethodTable methods, TwinHost host, const uplink::Clock& clock,
        const uplink::Random& random, spool::Doorbell& bell);
  ~Agent() override;  // Stop()

  void Start();
  // Nothing of the host is called any more. What was answered is still sent.
  void Stop();
  // The configuration file was taken over: there is news to report, and what was refused of the
  // twin is tried again. Any thread.
  void OnReloaded();

  const std::vector<std::string>& filters() const override { return filters_; }
  void OnUp() override;
  void OnDown() override;
  void OnRefused() override;
  void OnMessage(uplink::DownlinkMessage message) override;
  void OnMissed(size_t count) override;
  bool Next(uplink::DownlinkMessage* message) override;

 private:
  struct Event;
  struct Mailbox;  // shared with whoever answers late

  void Run();
  // Takes what came and makes what is to be said; when to look again.
  std::chrono::steady_clock::time_point Turn();
  void Take(Event* event);
  void OnMessageHere(const uplink::DownlinkMessage& message);
  void FollowDesired();
  void OnApplied(const ApplyResult& result);
  void Say(std::optional<uplink::DownlinkMessage> message);

  const std::vector<std::string> filters_;
  const TwinHost host_;
  const uplink::Clock& clock_;
  spool::Doorbell& output_bell_;
  const std::shared_ptr<Mailbox> mailbox_;

  // Of the agent's thread.
  std::chrono::steady_clock::time_point now_;
  TwinSync twin_;
  MethodCalls calls_;
  DesiredState state_;                          // as it is reported
  std::string section_in_force_;                // empty: the file alone
  std::optional<std::string> section_refused_;  // the last one that was tried, if it was refused
  std::optional<Desired> applying_;             // under way at the host
  std::optional<Desired> waiting_;              // for that to end
  std::thread thread_;
};

}  // namespace sluice::cloud
