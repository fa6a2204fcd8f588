#include "gateway/server/server.h"

#include <algorithm>
#include <semaphore>
#include <utility>

namespace sluice::server {
namespace {

void AddTo(std::vector<std::pair<std::string_view, uint64_t>>* counts, std::string_view label,
           uint64_t count) {
  const auto at = std::find_if(counts->begin(), counts->end(),
                               [&](const auto& entry) { return entry.first == label; });
  if (at == counts->end()) {
    counts->emplace_back(label, count);
  } else {
    at->second += count;
  }
}

void Add(const HandshakeCounters& from, ServerCounts* to) {
  to->accepted += from.accepted.Get();
  to->handshakes += from.completed.Get();
  to->handshakes_resumed += from.resumed.Get();
  to->handshakes_in_flight += from.in_flight.Get();
  to->accept_failures += from.accept_failures.Get();
  for (size_t i = 1; i < from.refused.size(); ++i)  // 0 is none
    AddTo(&to->refused, tls::Label(static_cast<tls::Refusal>(i)), from.refused[i].Get());
}

void Add(const WorkerCounters& from, ServerCounts* to) {
  to->connections += from.connections.Get();
  to->connects += from.connects.Get();
  for (size_t i = 0; i < from.received.size(); ++i) to->received[i] += from.received[i].Get();
  to->received_bytes += from.received_bytes.Get();
  to->forbidden += from.forbidden.Get();
  to->dropped_no_room += from.no_room.Get();
  to->overflow += from.overflow.Get();
  to->topic_limit += from.topic_limit.Get();
  to->bad_payload_format += from.bad_payload_format.Get();
  to->duplicates += from.duplicates.Get();
  to->paused += from.paused.Get();
  to->wills_ignored += from.wills_ignored.Get();
  to->subscriptions_refused += from.subscriptions_refused.Get();
  to->turns += from.turns.Get();
  for (size_t i = 0; i < from.closed.size(); ++i) {
    const auto reason = static_cast<CloseReason>(i);
    AddTo(IsRefusal(reason) ? &to->refused : &to->closed, TextOf(reason).label,
          from.closed[i].Get());
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(ServerOptions options,
                                                       const SinkFactory& make_sink,
                                                       const Clock& clock) {
  std::vector<ListenerOptions> doors = std::exchange(options.listeners, {});
  std::unique_ptr<Server> server(new Server(std::move(options)));
  const ServerOptions& kept = server->options_;
  std::vector<Listener*> listeners;
  for (ListenerOptions& each : doors) {
    absl::StatusOr<std::unique_ptr<Listener>> listener = Listener::Open(std::move(each));
    if (!listener.ok()) return listener.status();
    listeners.push_back(listener->get());
    server->listeners_.push_back(*std::move(listener));
  }
  const uint32_t workers = std::max(1U, kept.workers);
  for (uint32_t i = 0; i < workers; ++i) {
    const auto index = static_cast<uint16_t>(i);
    server->sinks_.push_back(make_sink(index));
    server->workers_.push_back(
        std::make_unique<Worker>(index, kept, *server->sinks_.back(), clock));
  }
  const auto hand_over = [raw = server.get()](Arrival arrival) {
    const size_t worker = WorkerOf(arrival.identity, raw->workers_.size());
    raw->workers_[worker]->Adopt(std::move(arrival));
  };
  const uint32_t threads = std::max(1U, kept.handshake_threads);
  for (uint32_t i = 0; i < threads; ++i) {
    server->handshakers_.push_back(
        std::make_unique<Handshaker>(listeners, threads, kept.identity, clock, hand_over));
  }
  return server;
}

Server::~Server() { Stop(std::chrono::steady_clock::now()); }

void Server::Start() {
  for (const auto& worker : workers_) worker->Start();
  for (const auto& handshaker : handshakers_) handshaker->Start();
}

bool Server::Stop(std::chrono::steady_clock::time_point deadline) {
  if (stopped_) return true;
  stopped_ = true;
  for (const auto& handshaker : handshakers_) handshaker->Stop();
  for (const auto& listener : listeners_) listener->Close();
  // Released by workers, which end below, before it goes.
  std::counting_semaphore<> settled(0);
  for (const auto& worker : workers_) worker->BeginDrain([&settled] { settled.release(); });
  bool all = true;
  for (size_t i = 0; i < workers_.size() && all; ++i) all = settled.try_acquire_until(deadline);
  // All at once: each waits a moment for its peers to read the goodbye.
  for (const auto& worker : workers_) worker->BeginStop();
  for (const auto& worker : workers_) worker->Stop();
  return all;
}

void Server::Settle(std::span<const session::AckTicket> tickets) {
  // Mostly all of one worker; otherwise run by run.
  while (!tickets.empty()) {
    const uint16_t worker = tickets.front().worker;
    size_t run = 1;
    while (run < tickets.size() && tickets[run].worker == worker) ++run;
    if (worker < workers_.size()) workers_[worker]->Settle(tickets.first(run));
    tickets = tickets.subspan(run);
  }
}

void Server::Resume() {
  for (const auto& worker : workers_) worker->Resume();
}

void Server::PostToAll(const std::function<void(uint16_t worker)>& task) {
  for (size_t i = 0; i < workers_.size(); ++i)
    workers_[i]->Post([task, i] { task(static_cast<uint16_t>(i)); });
}

std::vector<const operate::Histogram*> Server::AckLatencies() const {
  std::vector<const operate::Histogram*> histograms;
  for (const auto& worker : workers_) histograms.push_back(&worker->counters().ack_latency);
  return histograms;
}

ServerCounts Server::Counts() const {
  ServerCounts counts;
  for (const auto& handshaker : handshakers_) Add(handshaker->counters(), &counts);
  for (const auto& worker : workers_) Add(worker->counters(), &counts);
  return counts;
}

}  // namespace sluice::server
