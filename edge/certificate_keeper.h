// Keeps a server certificate of the workload API fresh, on a thread of its own.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "edge/certificate_renewal.h"
#include "edge/module_environment.h"
#include "edge/transport.h"
#include "edge/workload_client.h"

namespace sluice::edge {

class CertificateKeeper {
 public:
  CertificateKeeper(const ModuleEnvironment& module, CertificateRenewal::Options options,
                    std::unique_ptr<Transport> transport);
  ~CertificateKeeper();  // Stop()
  CertificateKeeper(const CertificateKeeper&) = delete;
  CertificateKeeper& operator=(const CertificateKeeper&) = delete;

  // Any thread. Null until the first has been got.
  std::shared_ptr<const ServerCertificate> current() const;
  // Waits for the first. Null: `give_up` said so, which is asked now and then.
  std::shared_ptr<const ServerCertificate> Wait(const std::function<bool()>& give_up);
  // From now on called after each renewal, on the keeper's thread. Once.
  void NotifyOfRenewals(std::function<void()> renewed);
  // No renewals and no calls after this; waits for no answer of the runtime, only for a call of
  // `renewed` under way. What it has remains.
  void Stop();

 private:
  void Run();

  const std::unique_ptr<Transport> transport_;
  WorkloadClient client_;
  CertificateRenewal renewal_;  // of the thread

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::shared_ptr<const ServerCertificate> current_;  // guarded by mutex_, as is all below
  std::function<void()> renewed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::edge
