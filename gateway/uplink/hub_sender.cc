#include "gateway/uplink/hub_sender.h"

#include <algorithm>
#include <utility>

#include "fmt/core.h"
#include "gateway/uplink/metering.h"
#include "gateway/uplink/time_text.h"

namespace sluice::uplink {
namespace {

using causes::Cause;
using causes::Finding;
using credentials::Login;
using credentials::NoLogin;
using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// CONNACK return codes of MQTT 3.1.1.
constexpr int kConnackProtocol = 1;
constexpr int kConnackClientId = 2;
constexpr int kConnackUnavailable = 3;
constexpr int kConnackBadCredentials = 4;
constexpr int kConnackNotAuthorised = 5;

// Between two looks the clocks drift apart by far less.
constexpr seconds kClockStep{1};
constexpr HubSender::TimePoint kNever = HubSender::TimePoint::max();

}  // namespace

HubSender::HubSender(SenderOptions options, Surroundings surroundings)
    : options_(std::move(options)),
      around_(std::move(surroundings)),
      backoff_(options_.backoff, around_.random),
      packer_(options_.pack, &around_.counters.bill),
      window_(options_.window_messages, options_.window_bytes),
      downlink_(around_.link, around_.downlink, around_.counters),
      now_(around_.clock.Now()),
      retry_at_(now_) {}

HubSender::TimePoint HubSender::Step() {
  now_ = around_.clock.Now();
  HandleEvents();
  WatchClock();
  ConnectIfDue();
  if (state_ == State::kOnline) {
    EndShortLives();
    WatchForSlowness();
  }
  if (state_ == State::kOnline) RenewIfDue();
  if (state_ == State::kOnline) downlink_.Exchange();
  if (state_ == State::kOnline && !renewal_) SendAll();
  Settle();
  StopIfDone();
  around_.counters.inflight.Set(window_.size());
  return NextWake();
}

void HubSender::BeginStop(TimePoint deadline) {
  Hurry();
  stop_at_ = deadline;
  leave_at_ = now_ + options_.leave_after;
  if (state_ == State::kWaiting) retry_at_ = std::min(retry_at_, now_ + milliseconds(100));
}

// --- what the link reports

void HubSender::HandleEvents() {
  events_.clear();
  around_.link.Poll(&events_);
  for (const link::Event& event : events_) {
    switch (event.kind) {
      case link::Event::Kind::kConnected:
        if (state_ == State::kConnecting) OnConnected();
        break;
      case link::Event::Kind::kConnectFailed:
        if (state_ == State::kConnecting) OnConnectFailed(event.code);
        break;
      case link::Event::Kind::kLost:
        if (state_ == State::kOnline) OnLost();
        break;
      case link::Event::Kind::kAcked:
        OnAcked(event.number);
        break;
      case link::Event::Kind::kSubscribed:
        if (state_ == State::kOnline) downlink_.OnSubscribed(event.code);
        break;
    }
  }
  window_.Release();
}

void HubSender::OnConnected() {
  state_ = State::kOnline;
  connected_at_ = now_;
  acked_since_connect_ = false;
  fresh_was_refused_ = false;
  refused_ = false;
  failures_ = 0;
  probed_at_.reset();
  probe_found_nothing_ = false;
  if (ever_connected_) around_.counters.reconnects.Add();
  ever_connected_ = true;
  around_.counters.connected.Set(1);
  downlink_.OnConnected();
  // While an identity is fought over, every round of the fight is not news.
  if (short_lived_ >= options_.short_lived_in_a_row) return;
  said_ = 0;
  around_.counters.cause.Set(0);
  around_.report({});
}

void HubSender::OnAcked(uint64_t number) {
  HubMessage* const message = window_.Acknowledge(number);
  if (message == nullptr) return;
  around_.counters.sent.Add();
  around_.counters.readings.Add(message->receipts.size());
  around_.counters.blocks.Add(BlocksOf(message->metered_bytes));
  around_.counters.bill.Charge(message->shares, BlocksOf(message->metered_bytes));
  settled_receipts_.insert(settled_receipts_.end(), message->receipts.begin(),
                           message->receipts.end());
  settled_tickets_.insert(settled_tickets_.end(), message->tickets.begin(), message->tickets.end());
  acked_since_connect_ = true;
  if (slow_) {
    slow_ = false;
    said_ &= ~(1u << static_cast<uint32_t>(Cause::kThrottled));
    around_.counters.cause.Set(0);
  }
}

void HubSender::OnConnectFailed(int code) {
  short_lived_ = 0;  // somebody who fights for an identity gets in
  ++failures_;
  switch (code) {
    case kConnackProtocol:
    case kConnackClientId:
      Fail({Cause::kRejected, fmt::format("CONNACK {}", code)});
      RetryAfter(DelayAfter(Cause::kRejected));
      return;
    case kConnackBadCredentials:
    case kConnackNotAuthorised:
      OnRefusedCredentials();
      return;
    case kConnackUnavailable:
      Fail({Cause::kUnavailable, "CONNACK 3"});
      break;
    default:
      if (stop_at_) break;  // no time left for reasons
      if (!probed_at_ || now_ - *probed_at_ >= options_.probe_interval) {
        probed_at_ = now_;
        Finding finding = around_.probe(login_);
        now_ = around_.clock.Now();
        if (finding.cause != Cause::kNone) {
          Fail(finding);
        } else if (probe_found_nothing_) {
          Fail({Cause::kUnavailable, "it accepts TLS connections, but does not answer CONNECT"});
        } else {
          probe_found_nothing_ =
              true;  // it has come back just now; if not, the next probe will tell
        }
      }
      break;
  }
  RetryAfter(backoff_.Next());
}

// Once with a fresh login at once: the old one may have run out under way, or been made by a clock
// that has been set since. Then slowly: a wrong key does not become right by asking.
void HubSender::OnRefusedCredentials() {
  refused_ = true;
  if (login_.is_fresh && !fresh_was_refused_) {
    fresh_was_refused_ = true;
    RetryAfter(milliseconds(0));
    return;
  }
  Fail({Cause::kNotAuthorised,
        fmt::format(
            "clock of this box: {}",
            TimeText().Format(
                duration_cast<microseconds>(around_.clock.WallNow().time_since_epoch()).count()))});
  RetryAfter(DelayAfter(Cause::kNotAuthorised));
  refused_at_offset_ = asked_at_offset_;
}

microseconds HubSender::ClockOffset() const {
  return duration_cast<microseconds>(around_.clock.WallNow().time_since_epoch()) -
         duration_cast<microseconds>(now_.time_since_epoch());
}

// What a wrong clock had signed was refused, and it has been set since: no need to wait any more.
void HubSender::WatchClock() {
  if (state_ != State::kWaiting || !refused_at_offset_) return;
  if (std::chrono::abs(ClockOffset() - *refused_at_offset_) < kClockStep) return;
  refused_at_offset_.reset();  // once: what comes of asking again has its own delay
  fresh_was_refused_ = false;
  retry_at_ = now_;
}

void HubSender::OnLost() {
  around_.counters.connected.Set(0);
  downlink_.OnLost();
  window_.Rewind();
  renew_at_.reset();
  renewal_.reset();
  const auto lived = now_ - connected_at_;
  // A hub that restarts is gone for a moment; one that sends us away for another client is there.
  const bool suspicious =
      lived < options_.short_lived && !stop_at_ && around_.probe(login_).cause == Cause::kNone;
  short_lived_ = suspicious ? short_lived_ + 1 : 0;
  const bool duplicate = short_lived_ >= options_.short_lived_in_a_row;

  if (duplicate) {
    Fail({Cause::kDuplicateIdentity, fmt::format("{} connections in a row", short_lived_)});
  } else if (slow_) {
    Fail({Cause::kThrottled, "closed while acknowledgements were overdue"});
  } else {
    Fail({Cause::kClosed, fmt::format("after {} ms", duration_cast<milliseconds>(lived).count())});
  }
  slow_ = false;
  // A hub that took messages works: its restarts must not cost a minute each. In a fight for an
  // identity the delay grows all the same.
  if (lived >= options_.stable_after || (acked_since_connect_ && !duplicate)) backoff_.Reset();
  RetryAfter(backoff_.Next());
}

// --- connecting

void HubSender::ConnectIfDue() {
  if (state_ == State::kWaiting && now_ >= retry_at_) {
    state_ = State::kAsking;
    Ask();
  }
  if (state_ == State::kAsking) TakeAnswer();
  if (state_ == State::kConnecting && now_ >= connect_until_) OnConnectFailed(-1);
}

void HubSender::Ask() {
  asked_ = true;
  asked_at_offset_ = ClockOffset();
  around_.login.Ask({.now = now_,
                     .wall = around_.clock.WallNow(),
                     .draw = around_.random(),
                     .refused = refused_,
                     .failures = failures_,
                     .ring = around_.ring});
}

void HubSender::TakeAnswer() {
  std::optional<credentials::LoginAnswer> answer = around_.login.Poll(now_);
  if (!answer) return;
  asked_ = false;
  if (const auto* const none = std::get_if<NoLogin>(&*answer)) {
    OnNoLogin(*none);
  } else if (state_ == State::kAsking) {
    Connect(std::get<Login>(*std::move(answer)));
  } else {
    renewal_ = std::get<Login>(*std::move(answer));
    drain_until_ = now_ + options_.renewal_drain;
  }
}

void HubSender::OnNoLogin(const NoLogin& none) {
  const milliseconds delay = none.retry_after.value_or(DelayAfter(none.finding.cause));
  if (state_ == State::kOnline) {  // the present one still holds
    Say(none.finding);
    renew_at_ = now_ + delay;
    return;
  }
  Fail(none.finding);
  RetryAfter(delay);
}

milliseconds HubSender::DelayAfter(Cause cause) {
  switch (cause) {
    case Cause::kClock:
    case Cause::kCertificate:
      return options_.local_retry;
    case Cause::kTokenExpired:
    case Cause::kNotAuthorised:
    case Cause::kRejected:
      return backoff_.Jitter(options_.refused_retry_min, options_.refused_retry_max);
    default:
      return backoff_.Next();
  }
}

void HubSender::Connect(Login login) {
  if (login.events_topic != packer_.topic_prefix()) {
    window_.Readdress(packer_.topic_prefix().size(), login.events_topic);
    packer_.SetTopicPrefix(login.events_topic);
  }
  renewal_.reset();
  renew_at_.reset();
  if (login.renew_after.count() != 0) renew_at_ = now_ + login.renew_after;
  if (login.warning.cause != Cause::kNone) Say(login.warning);
  login_ = std::move(login);
  refused_at_offset_.reset();
  state_ = State::kConnecting;
  connect_until_ = now_ + options_.connect_patience;
  around_.link.Connect(login_);
}

void HubSender::RetryAfter(milliseconds delay) {
  state_ = State::kWaiting;
  retry_at_ = now_ + delay;
}

void HubSender::Fail(const Finding& finding) {
  around_.counters.cause.Set(static_cast<uint64_t>(finding.cause));
  Say(finding);
}

// A cause once an outage.
void HubSender::Say(const Finding& finding) {
  const uint32_t bit = 1u << static_cast<uint32_t>(finding.cause);
  if ((said_ & bit) != 0) return;
  said_ |= bit;
  around_.report(finding);
}

// MQTT cannot authenticate again: a new login takes a new connection. It is there before sending
// pauses until all is acknowledged, so that nothing is sent twice.
void HubSender::RenewIfDue() {
  if (!renew_at_ || now_ < *renew_at_) return;
  if (!renewal_) {
    if (!asked_) Ask();
    TakeAnswer();
    if (!renewal_) return;
  }
  if (!window_.idle() && now_ < drain_until_) return;
  around_.counters.connected.Set(0);
  downlink_.OnLost();
  window_.Rewind();
  Connect(*std::move(renewal_));
}

// A connection that holds ends the suspicion that something fights for the identity.
void HubSender::EndShortLives() {
  if (short_lived_ == 0 || now_ < connected_at_ + options_.short_lived) return;
  const bool suspected = short_lived_ >= options_.short_lived_in_a_row;
  short_lived_ = 0;
  if (!suspected) return;
  said_ = 0;
  around_.counters.cause.Set(0);
  around_.report({});
}

void HubSender::WatchForSlowness() {
  if (window_.idle()) return;
  const auto waited = now_ - window_.oldest_sent();
  if (waited >= options_.slow_after && !slow_) {
    slow_ = true;
    Fail({Cause::kThrottled,
          fmt::format("no acknowledgement for {} s", duration_cast<seconds>(waited).count())});
  }
  // A link that is dead without a word: keep-alive would find out only after twice its interval.
  if (waited >= options_.dead_after) OnLost();
}

// --- sending

void HubSender::SendAll() {
  packer_.CloseDue(now_);
  for (;;) {
    uint64_t number = 0;
    const HubMessage* const message = window_.Next(&number);
    if (message == nullptr) {
      if (!Replenish()) return;
      continue;
    }
    if (!around_.link.Publish(number, *message)) {
      OnLost();
      return;
    }
    if (window_.MarkSent(now_)) around_.counters.resent.Add();
  }
}

// Puts one more message into the window, or one more record into a pack. False: nothing to do, or
// no credit.
bool HubSender::Replenish() {
  if (!window_.HasRoom()) return false;
  if (packer_.has_closed()) {
    window_.Add(packer_.TakeClosed());
    return true;
  }
  spool::Receipt receipt;
  const spool::RecordView* const record = leaving() ? nullptr : around_.store.Take(&receipt);
  if (record != nullptr) {
    if (!packer_.Add(*record, receipt, now_)) Refuse(*record, receipt);
    return true;
  }
  if (hurry_) {
    packer_.CloseAll();
  } else {
    packer_.CloseDue(now_);
  }
  return packer_.has_closed();
}

// For good: counted, said, and settled, since the device could only send it again for ever.
void HubSender::Refuse(const spool::RecordView& record, const spool::Receipt& receipt) {
  around_.counters.refused.Add();
  around_.report({Cause::kTooLarge, fmt::format("device {}, topic {}, {} bytes", record.device,
                                                record.topic, record.body.size())});
  if (around_.dead_letter) around_.dead_letter(record, "too large for the hub");
  settled_receipts_.push_back(receipt);
  if (record.ticket) settled_tickets_.push_back(*record.ticket);
}

void HubSender::Settle() {
  if (!settled_tickets_.empty()) around_.settle(settled_tickets_);
  settled_tickets_.clear();
  if (!settled_receipts_.empty()) around_.store.Settle(settled_receipts_);
  settled_receipts_.clear();
}

void HubSender::StopIfDone() {
  if (!stop_at_ || state_ == State::kStopped) return;
  const bool in_vain = around_.store.is_durable() && state_ != State::kOnline;
  const bool is_done = all_settled() && (state_ != State::kOnline || downlink_.has_sent_all());
  if (!is_done && !in_vain && now_ < *stop_at_) return;
  downlink_.OnLost();
  around_.link.Disconnect();
  around_.counters.connected.Set(0);
  state_ = State::kStopped;
}

HubSender::TimePoint HubSender::NextWake() const {
  TimePoint wake = stop_at_.value_or(kNever);
  if (stop_at_ && around_.store.is_durable() && !leaving()) wake = std::min(wake, leave_at_);
  switch (state_) {
    case State::kWaiting:
      if (refused_at_offset_) wake = std::min(wake, now_ + options_.local_retry);
      return std::min(wake, retry_at_);
    case State::kAsking:
      return std::min(wake, around_.login.wake());
    case State::kConnecting:
      return std::min(wake, connect_until_);
    case State::kOnline:
      if (renewal_) {
        wake = std::min(wake, drain_until_);
      } else if (renew_at_) {
        wake = std::min(wake, asked_ ? around_.login.wake() : *renew_at_);
      }
      if (short_lived_ != 0) wake = std::min(wake, connected_at_ + options_.short_lived);
      if (!window_.idle()) {
        wake = std::min(
            wake, window_.oldest_sent() + (slow_ ? options_.dead_after : options_.slow_after));
      }
      // Without credit a due pack waits for a PUBACK, which rings.
      if (!renewal_ && window_.HasRoom())
        wake = std::min(wake, packer_.next_due().value_or(kNever));
      return wake;
    case State::kStopped:
      return wake;
  }
  return wake;
}

}  // namespace sluice::uplink
