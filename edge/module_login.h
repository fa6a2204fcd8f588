// Logins of an IoT Edge module at edgeHub: the token is signed by the workload API, the CAs to
// trust come from there too, and nothing else is trusted.
//
// A thread of its own asks, since the runtime may take its time or be away.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "edge/module_environment.h"
#include "edge/transport.h"
#include "edge/workload_client.h"
#include "gateway/credentials/login.h"

namespace sluice::edge {

class ModuleLogin final : public credentials::LoginSource {
 public:
  struct Options {
    ModuleEnvironment module;
    std::string output;  // the module's output that all messages leave on: routes name it
    std::chrono::seconds token_lifetime{3600};
    std::string product;  // of the user name
    // A token's times are meaningless while the clock shows a time before this.
    std::chrono::system_clock::time_point not_before;
    // Where the CAs are put for the TLS library, and how, whole or not at all.
    std::string trust_file;
    std::function<absl::Status(const std::string& path, std::string_view bytes)> write_file;
  };

  ModuleLogin(Options options, std::unique_ptr<Transport> transport);
  ~ModuleLogin() override;  // waits for no answer
  ModuleLogin(const ModuleLogin&) = delete;
  ModuleLogin& operator=(const ModuleLogin&) = delete;

  void Ask(const credentials::LoginRequest& request) override;
  std::optional<credentials::LoginAnswer> Poll(TimePoint now) override;

 private:
  void Run();
  credentials::LoginAnswer Answer(const credentials::LoginRequest& request);
  absl::StatusOr<std::string> MakeToken(std::chrono::system_clock::time_point wall);
  absl::Status RefreshTrust(bool anew);
  std::chrono::milliseconds NextDelay(double draw);

  const Options options_;
  const std::unique_ptr<Transport> transport_;
  WorkloadClient client_;     // of the thread, as are the next three
  credentials::Login login_;  // what is the same in all of them
  std::string trusted_;       // what the trust file holds
  int failures_ = 0;          // in a row

  std::mutex mutex_;
  std::condition_variable asked_;
  std::optional<credentials::LoginRequest> request_;  // guarded by mutex_, as is all below
  std::optional<credentials::LoginAnswer> answer_;
  bool busy_ = false;        // the thread is looking for an answer,
  bool superseded_ = false;  // and has been asked anew meanwhile
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::edge
