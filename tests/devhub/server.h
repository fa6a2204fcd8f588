// The event loop: listener, clients, control socket and signals on one thread.
//
// A turn reads what all ready clients have sent, hands all their messages to the file in one write,
// and only then sends their acknowledgements, a TLS record a client.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/devhub/client.h"
#include "tests/devhub/file_descriptor.h"
#include "tests/devhub/hub.h"
#include "tests/devhub/request_client.h"
#include "tests/devhub/tls.h"
#include "tests/devhub/workload.h"

namespace sluice::devhub {

class Server {
 public:
  struct Options {
    std::string address;
    uint16_t port = 0;
    std::optional<uint16_t> dps_port;  // absent: DPS, if the hub has one, listens on `port`, too
    std::string control_path;
    std::string workload_path;        // empty: no workload API
    std::function<void()> on_hangup;  // SIGHUP
  };

  // Listens. Hub, Tls and workload API (or null) must outlive the server. SIGTERM, SIGINT and
  // SIGHUP are its own from here on.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Options options, Hub& hub, const Tls& tls,
                                                       Workload* workload);
  ~Server();

  std::string address() const;
  std::string dps_address() const;  // with a port of its own

  // Serves until SIGTERM or SIGINT.
  void Run();

 private:
  // What an epoll event is about, with the descriptor, in its 64 bits of data.
  enum class Source : uint32_t {
    kListener,
    kDpsListener,
    kSignals,
    kControlListener,
    kWorkloadListener,
    kRequestClient,
    kClient
  };

  Server(Options options, Hub& hub, const Tls& tls, Workload* workload);
  absl::Status Listen();
  absl::Status Watch(Source source, int fd, uint32_t events);
  int TimeoutMs() const;
  void Dispatch(uint64_t data, uint32_t events);
  void AcceptClients();
  void AcceptFrom(const FileDescriptor& listener, Conversation::Door door);
  void AcceptRequests(const FileDescriptor& listener, const RequestClient::Serve& serve);
  void ReadRequests(int fd);
  void ReadSignals();
  void Activate(int fd);
  void Tick();
  void EndTurn();

  const Options options_;
  Hub& hub_;
  const Tls& tls_;
  Workload* const workload_;
  FileDescriptor epoll_;
  FileDescriptor listener_;
  FileDescriptor dps_listener_;
  FileDescriptor control_listener_;
  FileDescriptor workload_listener_;
  FileDescriptor signals_;
  std::unordered_map<int, std::unique_ptr<Client>> clients_;
  std::unordered_map<int, std::unique_ptr<RequestClient>> request_clients_;
  std::vector<int> gone_request_clients_;
  std::vector<int> active_;  // clients to look at in this turn, each once or more
  int64_t next_tick_us_ = 0;
  bool stopping_ = false;
};

}  // namespace sluice::devhub
