#include "tests/devhub/server.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "tests/devhub/control.h"
#include "tests/devhub/sockets.h"

namespace sluice::devhub {
namespace {

constexpr int64_t kLongestSleepUs = 1'000'000;  // the identities' file is looked at once a second

uint64_t Pack(uint32_t source, int fd) {
  return uint64_t{source} << 32 | static_cast<uint32_t>(fd);
}

// A command a line.
size_t ServeControl(Hub& hub, std::string_view input, const RequestClient::Reply& reply) {
  const size_t end = input.find('\n');
  if (end == input.npos) return 0;
  AnswerControl(hub, input.substr(0, end),
                [reply](const std::string& answer) { reply(answer + '\n', false); });
  return end + 1;
}

size_t ServeWorkload(Workload& workload, std::string_view input,
                     const RequestClient::Reply& reply) {
  HttpRequest request;
  const size_t size = ParseHttp(input, &request);
  if (size == 0) return 0;
  if (size == kBadHttp) {
    reply(HttpAnswer(400, R"({"message":"no HTTP request"})"), true);
    return input.size();
  }
  reply(workload.Answer(request), request.closes);
  return size;
}

}  // namespace

Server::Server(Options options, Hub& hub, const Tls& tls, Workload* workload)
    : options_(std::move(options)), hub_(hub), tls_(tls), workload_(workload) {}

Server::~Server() {
  clients_.clear();
  (void)hub_.Flush();  // wills of those who were connected; nothing waits for an answer
  unlink(options_.control_path.c_str());
  if (workload_listener_.valid()) unlink(options_.workload_path.c_str());
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Options options, Hub& hub, const Tls& tls,
                                                      Workload* workload) {
  std::unique_ptr<Server> server(new Server(std::move(options), hub, tls, workload));
  if (absl::Status status = server->Listen(); !status.ok()) return status;
  return server;
}

absl::Status Server::Listen() {
  epoll_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = FileDescriptor(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));

  absl::StatusOr<FileDescriptor> listener = ListenTcp(options_.address, options_.port);
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  if (options_.dps_port) {
    absl::StatusOr<FileDescriptor> dps = ListenTcp(options_.address, *options_.dps_port);
    if (!dps.ok()) return dps.status();
    dps_listener_ = *std::move(dps);
    absl::Status status = Watch(Source::kDpsListener, dps_listener_.get(), EPOLLIN | EPOLLET);
    if (!status.ok()) return status;
  }
  absl::StatusOr<FileDescriptor> control = ListenUnix(options_.control_path);
  if (!control.ok()) return control.status();
  control_listener_ = *std::move(control);
  if (workload_ != nullptr) {
    absl::StatusOr<FileDescriptor> workload = ListenUnix(options_.workload_path);
    if (!workload.ok()) return workload.status();
    workload_listener_ = *std::move(workload);
    absl::Status status =
        Watch(Source::kWorkloadListener, workload_listener_.get(), EPOLLIN | EPOLLET);
    if (!status.ok()) return status;
  }

  // Edge-triggered: a listener out of descriptors is tried again at the next tick, it does not
  // spin.
  for (const auto& [source, fd] : {std::pair(Source::kListener, listener_.get()),
                                   std::pair(Source::kControlListener, control_listener_.get()),
                                   std::pair(Source::kSignals, signals_.get())}) {
    if (absl::Status status = Watch(source, fd, EPOLLIN | EPOLLET); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Server::Watch(Source source, int fd, uint32_t events) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = Pack(static_cast<uint32_t>(source), fd);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return absl::OkStatus();
  return absl::InternalError(fmt::format("epoll: {}", std::strerror(errno)));
}

std::string Server::address() const { return BoundAddress(listener_.get()); }
std::string Server::dps_address() const { return BoundAddress(dps_listener_.get()); }

int Server::TimeoutMs() const {
  if (!active_.empty()) return 0;
  const int64_t left_us =
      std::min(next_tick_us_, hub_.NextDeadline()) - hub_.clock().SteadyMicros();
  return static_cast<int>(std::clamp<int64_t>((left_us + 999) / 1000, 0, kLongestSleepUs / 1000));
}

void Server::Run() {
  epoll_event events[256];
  while (!stopping_) {
    const int count = epoll_wait(epoll_.get(), events, std::size(events), TimeoutMs());
    for (int i = 0; i < count; ++i) Dispatch(events[i].data.u64, events[i].events);
    if (hub_.clock().SteadyMicros() >= next_tick_us_) Tick();
    if (hub_.clock().SteadyMicros() >= hub_.NextDeadline()) hub_.Tick();
    // By index: reading may close another client's conversation and so activate it.
    for (size_t i = 0; i < active_.size(); ++i) {
      Client& client = *clients_.at(active_[i]);
      if (client.WantsToRead()) client.Read();
    }
    EndTurn();
  }
}

void Server::Dispatch(uint64_t data, uint32_t events) {
  const int fd = static_cast<int>(data & 0xffffffff);
  switch (static_cast<Source>(data >> 32)) {
    case Source::kListener:
    case Source::kDpsListener:
      return AcceptClients();
    case Source::kControlListener:
      return AcceptRequests(control_listener_, [this](auto input, auto& reply) {
        return ServeControl(hub_, input, reply);
      });
    case Source::kWorkloadListener:
      return AcceptRequests(workload_listener_, [this](auto input, auto& reply) {
        return ServeWorkload(*workload_, input, reply);
      });
    case Source::kSignals:
      return ReadSignals();
    case Source::kRequestClient:
      return ReadRequests(fd);
    case Source::kClient: {
      const auto found = clients_.find(fd);
      if (found == clients_.end()) return;
      found->second->SetReady((events & ~static_cast<uint32_t>(EPOLLOUT)) != 0,
                              (events & EPOLLOUT) != 0);
      return Activate(fd);
    }
  }
}

void Server::Activate(int fd) {
  if (active_.empty() || active_.back() != fd) active_.push_back(fd);
}

void Server::AcceptClients() {
  using Door = Conversation::Door;
  AcceptFrom(listener_, dps_listener_.valid() ? Door::kHub : Door::kBoth);
  if (dps_listener_.valid()) AcceptFrom(dps_listener_, Door::kDps);
}

void Server::AcceptFrom(const FileDescriptor& listener, Conversation::Door door) {
  std::string peer;
  for (FileDescriptor fd = AcceptTcp(listener.get(), &peer); fd.valid();
       fd = AcceptTcp(listener.get(), &peer)) {
    const int number = fd.get();
    if (!Watch(Source::kClient, number, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET).ok()) continue;
    auto client = std::make_unique<Client>(
        std::move(fd), peer, hub_, tls_, [this, number] { Activate(number); }, door);
    next_tick_us_ = std::min(next_tick_us_, client->NextDeadline());
    clients_[number] = std::move(client);
    Activate(number);
  }
}

void Server::AcceptRequests(const FileDescriptor& listener, const RequestClient::Serve& serve) {
  for (;;) {
    FileDescriptor fd(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) return;
    const int number = fd.get();
    if (!Watch(Source::kRequestClient, number, EPOLLIN | EPOLLOUT | EPOLLET).ok()) continue;
    request_clients_[number] = std::make_unique<RequestClient>(
        std::move(fd), serve, [this, number] { gone_request_clients_.push_back(number); });
    ReadRequests(number);
  }
}

void Server::ReadRequests(int fd) {
  const auto found = request_clients_.find(fd);
  if (found != request_clients_.end() && !found->second->OnReady()) request_clients_.erase(found);
}

void Server::ReadSignals() {
  signalfd_siginfo signal = {};
  while (read(signals_.get(), &signal, sizeof(signal)) == sizeof(signal)) {
    if (signal.ssi_signo == SIGHUP) {
      options_.on_hangup();
    } else {
      stopping_ = true;
    }
  }
}

// Deadlines are looked for among all clients, but seldom: next_tick_us_ is never later than the
// earliest of them, and as nearly all only move back, most ticks find nothing and merely look
// again.
void Server::Tick() {
  const int64_t now_us = hub_.clock().SteadyMicros();
  hub_.RefreshRegistry();
  AcceptClients();
  next_tick_us_ = now_us + kLongestSleepUs;
  for (const auto& [fd, client] : clients_) {
    if (client->NextDeadline() <= now_us) {
      client->Tick();
      Activate(fd);
    }
    next_tick_us_ = std::min(next_tick_us_, client->NextDeadline());
  }
}

void Server::EndTurn() {
  for (const int fd : std::exchange(gone_request_clients_, {})) request_clients_.erase(fd);
  if (hub_.HasPendingMessages()) {
    if (absl::Status status = hub_.Flush(); !status.ok()) {
      // None of this turn's messages is stored: nobody may get an acknowledgement.
      for (const auto& [fd, client] : clients_) {
        if (client->HasOutput()) client->Abort(std::string(status.message()));
      }
    }
  }
  std::vector<int> active;
  std::swap(active, active_);
  for (const int fd : active) {
    const auto found = clients_.find(fd);
    if (found == clients_.end()) continue;
    Client& client = *found->second;
    client.Write();
    if (client.finished()) {
      clients_.erase(found);
      continue;
    }
    next_tick_us_ = std::min(next_tick_us_, client.NextDeadline());
    if (client.WantsToRead()) Activate(fd);
  }
  // What a client that went away in Write() has left behind, and those it woke, come in the next
  // turn.
  std::erase_if(active_, [this](int fd) { return !clients_.contains(fd); });
}

}  // namespace sluice::devhub
