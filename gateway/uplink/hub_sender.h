// Takes records from a store to the hub and says which are safe: the uplink without threads or
// sockets.
//
// Step() does what there is to do and returns; the output's thread calls it when rung and at the
// time that it returned. Records are taken only while there is credit, so that what is urgent
// overtakes what waits in the store, and nothing but the window is ever sent twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/session/ack_ticket.h"
#include "gateway/spool/store.h"
#include "gateway/uplink/backoff.h"
#include "gateway/uplink/cause.h"
#include "gateway/uplink/clock.h"
#include "gateway/uplink/counters.h"
#include "gateway/uplink/downlink_pump.h"
#include "gateway/uplink/hub_link.h"
#include "gateway/uplink/pack.h"
#include "gateway/uplink/window.h"

namespace sluice::uplink {

// How the sender proves who it is; the key is a secret.
struct Credentials {
  std::string key{};        // tokens are made from it
  std::string resource{};   // of the tokens
  std::string signature{};  // or one token, made elsewhere
  std::chrono::seconds token_lifetime{3600};
  std::string password{};  // or a password that does not expire
};                         // none of them: X.509, or nothing

struct SenderOptions {
  Credentials credentials;
  Packer::Options pack;
  size_t window_messages = 100;
  uint64_t window_bytes = 1'700'000;  // and one message more: Paho stalls above 2 MB
  Backoff::Options backoff;
  // A token's times are meaningless while the clock shows a time before this.
  std::chrono::system_clock::time_point not_before;

  std::chrono::milliseconds stable_after{120'000};      // connected: then the back-off begins anew
  std::chrono::milliseconds short_lived{2'000};         // a connection that ended sooner
  int short_lived_in_a_row = 3;                         // so many: a duplicate identity
  std::chrono::milliseconds slow_after{10'000};         // without a PUBACK: throttled
  std::chrono::milliseconds dead_after{90'000};         // without a PUBACK: connect again
  std::chrono::milliseconds renewal_drain{10'000};      // longest wait for PUBACKs before a renewal
  std::chrono::milliseconds connect_patience{75'000};   // beyond the link's own time limit
  std::chrono::milliseconds refused_retry_min{60'000};  // after not_authorised and rejected
  std::chrono::milliseconds refused_retry_max{180'000};
  std::chrono::milliseconds clock_retry{5'000};
  std::chrono::milliseconds probe_interval{30'000};
  std::chrono::milliseconds leave_after{
      2'000};  // at a stop, what a durable store has is left there
};

class HubSender {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using SettleTickets = std::function<void(std::span<const session::AckTicket>)>;

  // A record that the hub would never take, before it is settled.
  using DeadLetter = std::function<void(const spool::RecordView&, std::string_view reason)>;

  // What the surroundings do for it; all of it outlives the sender and runs on its thread.
  struct Surroundings {
    spool::Store& store;
    HubLink& link;
    const Clock& clock;
    Random random;
    SettleTickets settle;                        // these are safe: one call a Step()
    std::function<void(const Finding&)> report;  // each cause once an outage; kNone: connected
    std::function<Finding()> probe;              // why connecting fails; may block for seconds
    UplinkCounters& counters;
    DeadLetter dead_letter = nullptr;  // may be empty
    Downlink* downlink = nullptr;      // may be null
  };

  HubSender(SenderOptions options, Surroundings surroundings);

  // When to call again at the latest.
  TimePoint Step();

  // From now on sends what there is without waiting for fuller packs.
  void Hurry() { hurry_ = true; }
  // Hurries, and stops when all is settled, at `deadline` at the latest. A durable store keeps what
  // is in it: while there is a connection, a moment's worth of it is sent on, then only what is
  // under way is waited for.
  void BeginStop(TimePoint deadline);
  bool stopped() const { return state_ == State::kStopped; }
  bool all_settled() const {
    return (leaving() || !around_.store.HasRecords()) && packer_.empty() && window_.empty();
  }

 private:
  enum class State : uint8_t { kWaiting, kConnecting, kOnline, kStopped };

  void HandleEvents();
  void OnConnected();
  void OnConnectFailed(int code);
  void OnRefusedCredentials();
  void OnLost();
  void OnAcked(uint64_t number);
  void Settle();

  void ConnectIfDue();
  void Connect();
  bool MakePassword(std::string* password);
  void RetryAfter(std::chrono::milliseconds delay);
  void Fail(const Finding& finding);
  void RenewIfDue();
  void WatchForSlowness();
  void EndShortLives();

  void SendAll();
  bool Replenish();
  void Refuse(const spool::RecordView& record, const spool::Receipt& receipt);
  void StopIfDone();
  bool leaving() const { return stop_at_ && around_.store.is_durable() && now_ >= leave_at_; }
  TimePoint NextWake() const;

  const SenderOptions options_;
  Surroundings around_;
  Backoff backoff_;
  Packer packer_;
  Window window_;
  DownlinkPump downlink_;

  State state_ = State::kWaiting;
  TimePoint now_;
  TimePoint retry_at_;       // kWaiting
  TimePoint connect_until_;  // kConnecting
  TimePoint connected_at_;   // kOnline
  std::optional<TimePoint> renew_at_;
  bool renewing_ = false;  // no more is sent until all is acknowledged
  bool slow_ = false;
  bool acked_since_connect_ = false;
  bool token_was_fresh_ = false;  // it was refused at once: another will be too
  bool ever_connected_ = false;
  int short_lived_ = 0;
  std::optional<TimePoint> probed_at_;
  bool probe_found_nothing_ = false;
  uint32_t said_ = 0;  // bit per Cause, since the outage began
  bool hurry_ = false;
  std::optional<TimePoint> stop_at_;
  TimePoint leave_at_;  // meaningful with stop_at_

  std::vector<LinkEvent> events_;
  std::vector<spool::Receipt> settled_receipts_;
  std::vector<session::AckTicket> settled_tickets_;
};

}  // namespace sluice::uplink
