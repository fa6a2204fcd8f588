// What the connections of one worker share: buffers, timers, sessions, counters, and the lists of
// who has something to do at the end of the turn.
//
// Everything here belongs to the worker's thread, except that any thread may read the counters.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "gateway/operate/counter.h"
#include "gateway/operate/log.h"
#include "gateway/server/clock.h"
#include "gateway/server/close_reason.h"
#include "gateway/server/lingering.h"
#include "gateway/server/partial_packet.h"
#include "gateway/server/publish_sink.h"
#include "gateway/server/server_options.h"
#include "gateway/server/timer_wheel.h"
#include "gateway/server/tls_stream.h"
#include "gateway/session/session_table.h"

namespace sluice::server {

class Connection;

struct WorkerCounters {
  operate::Counter connections;  // now, CONNECT accepted
  operate::Counter connects;     // ever
  std::array<operate::Counter, kCloseReasonCount> closed;
  std::array<operate::Counter, 3> received;  // PUBLISHes by QoS
  operate::Counter received_bytes;           // of these, whole packets
  operate::Counter forbidden;                // outside the sender's templates
  operate::Counter no_room;                  // QoS 0, dropped
  operate::Counter overflow;                 // QoS 1 and 2, refused
  operate::Counter topic_limit;              // a topic over the listener's limits
  operate::Counter bad_payload_format;       // declared UTF-8, and is not
  operate::Counter duplicates;               // QoS 2 publishes that were known already
  operate::Counter paused;                   // times a connection had to wait for room
  operate::Counter wills_ignored;
  operate::Counter subscriptions_refused;
  operate::Counter turns;
  // From a publish to its PUBACK or PUBREC, in turns of the loop: both times are a turn's.
  operate::Histogram ack_latency;
};

struct WorkerState {
  static constexpr size_t kPlainBytes = size_t{64} * 1024;

  WorkerState(uint16_t its_index, const ServerOptions& its_options, PublishSink& its_sink,
              Time time)
      : index(its_index),
        options(its_options),
        sink(its_sink),
        now(time),
        timers(time.steady_us),
        lingering(&timers),
        plain(new char[kPlainBytes + kSlack]()),
        sessions(its_options.sessions, its_options.receive_maximum, its_index) {}

  const uint16_t index;
  const ServerOptions& options;
  PublishSink& sink;
  Time now;  // of this turn
  TimerWheel timers;
  Lingering lingering;
  TlsScratch tls;
  const std::unique_ptr<char[]> plain;  // decrypted packets of the connection whose turn it is
  session::SessionTable sessions;
  std::vector<Connection*> owners;  // by session slot; null: no connection
  bool draining = false;            // nothing more is read
  uint64_t assigned_ids = 0;

  // Each connection stands at most once in each.
  std::vector<Connection*> with_output;
  std::vector<Connection*> to_read;  // what they have may not raise another event
  std::vector<Connection*> waiting_for_room;
  std::vector<Connection*> closed;

  WorkerCounters counters;
  std::array<operate::LogLimiter, kCloseReasonCount> log_limits;
  operate::LogLimiter will_log_limit;
  operate::LogLimiter forbidden_log_limit;
  operate::LogLimiter faulty_log_limit;
  operate::LogLimiter subscribe_log_limit;
};

}  // namespace sluice::server
