// Owns one core's connections, sessions and timers.
//
// Except for Adopt(), Settle(), Post(), Resume() and the drain calls, every method runs on the
// worker's own thread, which is why nothing that a worker owns has a lock. A turn of its loop:
// wait; note what is ready; read; end of the sink's turn; what other threads brought; timers;
// write; bury.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "gateway/server/arrival.h"
#include "gateway/server/connection.h"
#include "gateway/server/mutex.h"
#include "gateway/server/worker_state.h"
#include "gateway/session/ack_ticket.h"

namespace sluice::server {

class Worker {
 public:
  // `options`, `sink` and `clock` outlive this.
  Worker(uint16_t index, const ServerOptions& options, PublishSink& sink, const Clock& clock);
  ~Worker();

  void Start();

  // From any thread.
  void Adopt(Arrival arrival) ABSL_LOCKS_EXCLUDED(inbox_mutex_);
  // These publishes are safe. Plain tickets of this worker, one call a batch.
  void Settle(std::span<const session::AckTicket> tickets) ABSL_LOCKS_EXCLUDED(inbox_mutex_);
  // The sink has room again.
  void Resume();
  // For rare work: runs `task` on the worker's thread.
  void Post(std::function<void()> task) ABSL_LOCKS_EXCLUDED(inbox_mutex_);
  // Closes the connections of `identity`, which is this worker's; `done` gets how many they
  // were, on the worker's thread.
  void Kick(std::string identity, std::function<void(size_t)> done);
  // Ends the loop's sleep: a test's clock has moved.
  void Wake();

  // From any thread, in this order, once each. BeginDrain: nothing more is read, acknowledgements
  // still leave; `on_settled` is called once, on the worker's thread, when the connected devices'
  // publishes are all acknowledged. BeginStop: every connection is told goodbye, and the thread is
  // about to end. Stop: the same, and it has ended.
  void BeginDrain(std::function<void()> on_settled);
  void BeginStop();
  void Stop();

  const WorkerCounters& counters() const { return state_.counters; }

 private:
  struct Inbox {
    std::vector<Arrival> arrivals;
    std::vector<session::AckTicket> settled;
    std::vector<std::function<void()>> tasks;
    bool empty() const { return arrivals.empty() && settled.empty() && tasks.empty(); }
    void Clear();
  };

  void Loop();
  void Turn();
  void Wait();
  int TimeoutMs();
  void ReadAll();
  void EmptyInbox() ABSL_LOCKS_EXCLUDED(inbox_mutex_);
  void AdoptHere(Arrival arrival);
  void SettleHere(std::span<const session::AckTicket> tickets);
  void ResumeHere();
  size_t KickHere(const std::string& identity);
  void WriteAll();
  void BuryClosed();
  void ReportIfSettled();
  void CloseAll();
  template <typename Put>  // void(Inbox*)
  void Bring(const Put& put) ABSL_LOCKS_EXCLUDED(inbox_mutex_);

  const Clock& clock_;
  UniqueFd epoll_;
  UniqueFd wake_;  // eventfd, edge-triggered: it is written and never read
  WorkerState state_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> reading_;  // of this turn; kept for its memory
  Inbox taken_;                       // likewise
  bool stopping_ = false;
  std::function<void()> on_settled_;  // while draining
  int64_t expired_s_ = 0;             // when sessions were last looked through
  std::thread thread_;

  Mutex inbox_mutex_;
  Inbox inbox_ ABSL_GUARDED_BY(inbox_mutex_);
  bool woken_ ABSL_GUARDED_BY(inbox_mutex_) =
      false;  // the eventfd has been written since the last look
  // True from the look that found the inbox empty until the wait ends. Set by the worker under the
  // mutex, cleared by it without: a needless wake-up is the worst that comes of reading it late.
  std::atomic<bool> asleep_{false};
};

}  // namespace sluice::server
