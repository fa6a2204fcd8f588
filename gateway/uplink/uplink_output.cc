#include "gateway/uplink/uplink_output.h"

#include <pthread.h>

#include <utility>

#include "gateway/causes/probe.h"
#include "gateway/operate/log.h"

namespace sluice::uplink {

using causes::Cause;
using causes::Finding;

namespace {

constexpr std::chrono::milliseconds kProbeTimeout(5'000);

link::PahoLink::Options LinkOptions(const UplinkOptions& options) {
  link::PahoLink::Options link = options.link;
  link.max_inflight = static_cast<int>(options.sender.window_messages);
  link.receives = options.downlink != nullptr;
  return link;
}

// `limiter`: devices decide how often a message is too large.
void LogFinding(const std::string& output, const Finding& finding, int64_t now_us,
                operate::LogLimiter* limiter) {
  if (finding.cause == Cause::kTooLarge && !limiter->Admit(now_us)) return;
  if (finding.cause == Cause::kNone) {
    operate::Log(operate::LogLevel::kInfo, "uplink_connected", "The hub accepted the connection.",
                 {{"output", output}});
    return;
  }
  operate::Log(
      operate::LogLevel::kWarning, "uplink_trouble", CauseAdvice(finding.cause),
      {{"output", output}, {"cause", CauseName(finding.cause)}, {"detail", finding.detail}});
}

}  // namespace

std::string MakeEpoch(const Clock& clock) {
  auto us = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(clock.WallNow().time_since_epoch())
          .count());
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdefghijklmnopqrstuvwxyz"[us % 36]);
    us /= 36;
  } while (us != 0);
  return digits;
}

UplinkOutput::UplinkOutput(UplinkOptions options, spool::Store& store, spool::Doorbell& bell,
                           HubSender::SettleTickets settle, const Clock& clock, Random random,
                           std::function<void(const Finding&)> report)
    : name_(options.name), bell_(bell), clock_(clock), login_(std::move(options.login)) {
  link_ = std::make_unique<link::PahoLink>(LinkOptions(options), [&bell] { bell.Ring(); });
  if (!report) {
    report = [name = name_, &clock,
              limiter = operate::LogLimiter(1, 5)](const Finding& finding) mutable {
      LogFinding(
          name, finding,
          std::chrono::duration_cast<std::chrono::microseconds>(clock.Now().time_since_epoch())
              .count(),
          &limiter);
    };
  }
  auto probe = [](const credentials::Login& login) {
    return causes::Probe(login.host, login.port, login.ca_file, kProbeTimeout);
  };
  sender_ = std::make_unique<HubSender>(
      options.sender,
      HubSender::Surroundings{store, *login_, *link_, clock, std::move(random), std::move(settle),
                              std::move(report), std::move(probe), [&bell] { bell.Ring(); },
                              counters_, options.dead_letter, options.downlink});
}

UplinkOutput::~UplinkOutput() { Stop(std::chrono::milliseconds(0)); }

void UplinkOutput::Start() { thread_ = std::thread(&UplinkOutput::Run, this); }

void UplinkOutput::BeginDrain() {
  draining_.store(true, std::memory_order_release);
  bell_.Ring();
}

bool UplinkOutput::Stop(std::chrono::milliseconds patience) {
  if (!thread_.joinable()) return sender_->all_settled();
  const auto deadline = clock_.Now() + patience;
  stop_at_ns_.store(deadline.time_since_epoch().count(), std::memory_order_release);
  bell_.Ring();
  thread_.join();
  return sender_->all_settled();
}

void UplinkOutput::Run() {
  pthread_setname_np(pthread_self(), ("to-" + name_.substr(0, 12)).c_str());
  bool stopping = false;
  for (;;) {
    const HubSender::TimePoint wake = sender_->Step();
    if (sender_->stopped()) return;
    bell_.WaitUntil(wake);
    if (draining_.load(std::memory_order_acquire)) sender_->Hurry();
    const int64_t stop_at = stop_at_ns_.load(std::memory_order_acquire);
    if (stop_at == 0 || stopping) continue;
    stopping = true;
    sender_->BeginStop(HubSender::TimePoint(HubSender::TimePoint::duration(stop_at)));
  }
}

}  // namespace sluice::uplink
