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

#include "gateway/causes/cause.h"
#include "gateway/credentials/login.h"
#include "gateway/link/link.h"
#include "gateway/session/ack_ticket.h"
#include "gateway/spool/store.h"
#include "gateway/uplink/backoff.h"
#include "gateway/uplink/clock.h"
#include "gateway/uplink/counters.h"
#include "gateway/uplink/downlink_pump.h"
#include "gateway/uplink/pack.h"
#include "gateway/uplink/window.h"

namespace sluice::uplink {

struct SenderOptions {
  Packer::Options pack;
  size_t window_messages = 100;
  uint64_t window_bytes = 1'700'000;  // and one message more: Paho stalls above 2 MB
  Backoff::Options backoff;

  std::chrono::milliseconds stable_after{120'000};      // connected: then the back-off begins anew
  std::chrono::milliseconds short_lived{2'000};         // a connection that ended sooner
  int short_lived_in_a_row = 3;                         // so many: a duplicate identity
  std::chrono::milliseconds slow_after{10'000};         // without a PUBACK: throttled
  std::chrono::milliseconds dead_after{90'000};         // without a PUBACK: connect again
  std::chrono::milliseconds renewal_drain{10'000};      // longest wait for PUBACKs before a renewal
  std::chrono::milliseconds connect_patience{75'000};   // beyond the link's own time limit
  std::chrono::milliseconds refused_retry_min{60'000};  // after not_authorised and rejected
  std::chrono::milliseconds refused_retry_max{180'000};
  // Of what must be mended on this box; also how often a refused one looks at the clock.
  std::chrono::milliseconds local_retry{5'000};
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
    credentials::LoginSource& login;
    link::Link& link;
    const Clock& clock;
    Random random;
    SettleTickets settle;                                // these are safe: one call a Step()
    std::function<void(const causes::Finding&)> report;  // a cause once an outage; kNone: connected
    // Why connecting fails; may block for seconds.
    std::function<causes::Finding(const credentials::Login&)> probe;
    std::function<void()> ring;  // from any thread: call Step()
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
  enum class State : uint8_t { kWaiting, kAsking, kConnecting, kOnline, kStopped };

  void HandleEvents();
  void OnConnected();
  void OnConnectFailed(int code);
  void OnRefusedCredentials();
  void OnLost();
  void OnAcked(uint64_t number);
  void Settle();

  void ConnectIfDue();
  void Ask();
  void TakeAnswer();
  void OnNoLogin(const credentials::NoLogin& none);
  std::chrono::milliseconds DelayAfter(causes::Cause cause);
  void Connect(credentials::Login login);
  void RetryAfter(std::chrono::milliseconds delay);
  void Fail(const causes::Finding& finding);
  void Say(const causes::Finding& finding);
  void RenewIfDue();
  void WatchForSlowness();
  void WatchClock();
  std::chrono::microseconds ClockOffset() const;
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
  TimePoint retry_at_;        // kWaiting
  TimePoint connect_until_;   // kConnecting
  TimePoint connected_at_;    // kOnline
  credentials::Login login_;  // of the present connection, or of the last
  bool asked_ = false;        // for a login, and not answered yet
  int failures_ = 0;          // since the last connection
  bool refused_ = false;      // the last login
  std::optional<TimePoint> renew_at_;
  std::optional<credentials::Login> renewal_;  // the next connection's, while this one lives
  TimePoint drain_until_;                      // meaningful with renewal_
  bool slow_ = false;
  bool acked_since_connect_ = false;
  bool fresh_was_refused_ = false;  // another will be too
  // Between the wall clock and the steady one: when a login was asked for last, and when the one
  // was that has been refused.
  std::chrono::microseconds asked_at_offset_{0};
  std::optional<std::chrono::microseconds> refused_at_offset_;
  bool ever_connected_ = false;
  int short_lived_ = 0;
  std::optional<TimePoint> probed_at_;
  bool probe_found_nothing_ = false;
  uint32_t said_ = 0;  // bit per Cause, since the outage began
  bool hurry_ = false;
  std::optional<TimePoint> stop_at_;
  TimePoint leave_at_;  // meaningful with stop_at_

  std::vector<link::Event> events_;
  std::vector<spool::Receipt> settled_receipts_;
  std::vector<session::AckTicket> settled_tickets_;
};

}  // namespace sluice::uplink
