#include "edge/certificate_keeper.h"

#include <pthread.h>

#include <chrono>
#include <utility>

namespace sluice::edge {
namespace {

constexpr std::chrono::milliseconds kAskAgain{100};

}  // namespace

CertificateKeeper::CertificateKeeper(const ModuleEnvironment& module,
                                     CertificateRenewal::Options options,
                                     std::unique_ptr<Transport> transport)
    : transport_(std::move(transport)),
      client_(module.identity.module_id, module.generation_id, *transport_),
      renewal_(std::move(options), client_),
      thread_(&CertificateKeeper::Run, this) {}

CertificateKeeper::~CertificateKeeper() { Stop(); }

void CertificateKeeper::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  transport_->Cancel();
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const ServerCertificate> CertificateKeeper::current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

std::shared_ptr<const ServerCertificate> CertificateKeeper::Wait(
    const std::function<bool()>& give_up) {
  std::unique_lock lock(mutex_);
  while (current_ == nullptr && !give_up()) changed_.wait_for(lock, kAskAgain);
  return current_;
}

void CertificateKeeper::NotifyOfRenewals(std::function<void()> renewed) {
  std::lock_guard lock(mutex_);
  renewed_ = std::move(renewed);
}

void CertificateKeeper::Run() {
  pthread_setname_np(pthread_self(), "edge-cert");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    const CertificateRenewal::TimePoint wake =
        renewal_.Step(std::chrono::steady_clock::now(), std::chrono::system_clock::now());
    lock.lock();
    if (renewal_.current() != current_) {
      current_ = renewal_.current();
      changed_.notify_all();
      if (const std::function<void()> renewed = renewed_; renewed) {
        lock.unlock();
        renewed();
        lock.lock();
      }
    }
    changed_.wait_until(lock, wake, [this] { return stopping_; });
  }
}

}  // namespace sluice::edge
