#include "gateway/simulate/device.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

namespace sluice::simulate {
namespace {

// Sent at one go: some TLS records full, and few enough that a thousand devices take turns.
constexpr size_t kQuantumBytes = size_t{32} * 1024;
constexpr int64_t kFirstBackOffUs = 100'000;
constexpr int64_t kLongestBackOffUs = 5'000'000;
constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kConnectUs = 10 * kSecondUs;

thread_local std::string received;  // plain bytes of one readiness

}  // namespace

Device::Device(DevicePlan plan, const Surroundings& surroundings, uint64_t seed, Tally& tally)
    : plan_(std::move(plan)),
      surroundings_(surroundings),
      random_(seed),
      tally_(tally),
      publisher_(plan_.name, surroundings.window, tally) {}

bool Device::Connect(int64_t now_us) {
  wake_us_ = deadline_us_ = now_us + kConnectUs;
  auto link = TlsLink::Connect(surroundings_.context, *surroundings_.endpoint, connects_++,
                               plan_.credential);
  if (!link.ok()) return Lost(std::string(link.status().message()), now_us);
  link_.emplace(*std::move(link));
  greeted_ = false;
  return true;
}

bool Device::Lost(std::string cause, int64_t now_us) {
  if (publisher_.connected() && !finishing_) ++tally_.reconnects;
  if (!finishing_) ++tally_.lost_links[std::move(cause)];
  publisher_.OnLinkDown();
  link_.reset();
  out_.clear();
  has_more_ = false;
  // Doubling, and anywhere between half and whole: a fleet that lost its gateway must not come back
  // in step.
  const int64_t longest = std::min(kLongestBackOffUs, kFirstBackOffUs << std::min(attempts_, 10u));
  ++attempts_;
  wake_us_ =
      finishing_
          ? kNever
          : now_us + static_cast<int64_t>(static_cast<double>(longest) * random_.Uniform(0.5, 1));
  return false;
}

bool Device::OnReady(uint32_t epoll_events, int64_t now_us) {
  if ((epoll_events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    if (absl::Status status = link_->OnWritable(); !status.ok())
      return Lost(std::string(status.message()), now_us);
  }
  if ((epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    received.clear();
    const absl::Status status = link_->Receive(received);
    // What came before the end counts: it may say why.
    std::string why = publisher_.OnBytes(received, now_us, out_);
    if (publisher_.connected()) attempts_ = 0;
    if (!why.empty()) return Lost(std::move(why), now_us);
    if (!status.ok()) return Lost(std::string(status.message()), now_us);
  }
  if (link_->established() && !greeted_) {
    greeted_ = true;
    publisher_.OnLinkUp(out_);
    return SendOut(now_us);
  }
  return true;
}

bool Device::SendOut(int64_t now_us) {
  if (out_.empty()) return true;
  const absl::Status status = link_->Send(out_);
  out_.clear();
  last_sent_us_ = now_us;
  if (!status.ok()) return Lost(std::string(status.message()), now_us);
  return true;
}

void Device::FillOut(int64_t now_us, int64_t began_us) {
  MessageSource& source = *plan_.source;
  while (out_.size() < kQuantumBytes) {
    const std::optional<int64_t> due = source.NextDue(now_us - began_us);
    if (!due.has_value()) return;
    if (began_us + *due > now_us) {
      wake_us_ = std::min(wake_us_, began_us + *due);
      return;
    }
    if (!publisher_.HasRoom(source.NextQos())) return;  // an acknowledgement will make some
    publisher_.Publish(source.Take(), source.paced() ? began_us + *due : now_us, out_);
  }
  has_more_ = true;
}

bool Device::Pump(int64_t now_us, int64_t began_us) {
  has_more_ = false;
  if (finishing_) return true;
  if (!publisher_.connected())
    return now_us < deadline_us_ || Lost("no CONNACK within 10 s", now_us);
  if (link_->blocked()) return true;  // until the socket is writable
  const int64_t silence_us =
      publisher_.keep_alive_s() == 0 ? kNever / 2 : publisher_.keep_alive_s() * kSecondUs / 2;
  wake_us_ = kNever;
  if (began_us != kNever && !stopped_) FillOut(now_us, began_us);
  if (out_.empty() && now_us - last_sent_us_ >= silence_us) publisher_.Ping(out_);
  if (!SendOut(now_us)) return false;
  wake_us_ = std::min(wake_us_, last_sent_us_ + silence_us);
  return true;
}

void Device::Finish() {
  finishing_ = true;
  wake_us_ = kNever;
  has_more_ = false;
  if (!publisher_.connected()) {
    link_.reset();
    return;
  }
  publisher_.Disconnect(out_);
  // A link that breaks now has nothing to lose: all that counts is acknowledged.
  link_->Send(out_).IgnoreError();
  out_.clear();
  link_->FinishSending();
}

bool Device::done(int64_t now_us, int64_t began_us) {
  if (publisher_.in_flight() > 0 || blocked()) return false;
  return stopped_ || !plan_.source->NextDue(now_us - began_us).has_value();
}

}  // namespace sluice::simulate
