// Keeps in step with the hub's copy of our twin: reads what is desired on every connection and
// after every change, and reports what is news.
//
// A change is only a sign to read again. A notification of a patch and one of a replacement look
// alike, what came while nobody was connected is not sent again, and several changes at once cost
// one reading. One request is under way at a time. No thread and no socket: Next() says what to
// send, NextWake() when to ask again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/uplink/backoff.h"
#include "gateway/uplink/clock.h"
#include "gateway/uplink/downlink.h"

namespace sluice::cloud {

// The member of desired properties that is ours; others may have theirs beside it.
inline constexpr char kSection[] = "sluice";

struct Desired {
  uint64_t version = 0;  // of the desired properties as a whole
  std::string section;   // the JSON text of our member; empty: there is none
};

class TwinSync {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Options {
    std::chrono::milliseconds report_interval{3'600'000};  // without news; 0: never
    std::chrono::milliseconds report_spacing{1'000};       // between two reports, at least
    std::chrono::milliseconds read_spacing{1'000};         // the same, on one connection
    std::chrono::milliseconds patience{30'000};            // for an answer
    uplink::Backoff::Options retry{.first = std::chrono::milliseconds(10'000),
                                   .cap = std::chrono::milliseconds(300'000)};
  };

  // `report` makes the merge patch of all that is reported, when it is about to be sent.
  TwinSync(const Options& options, const uplink::Random& random,
           std::function<std::string()> report);

  void OnUp(TimePoint now);
  void OnDown();
  void OnMissed();  // a message of the hub was lost: it may have told of a change
  void OnAnswer(int status, std::string_view request_id, std::string_view payload, TimePoint now);
  void OnDesiredChange(uint64_t version);

  // What is desired, each time it has been read.
  std::optional<Desired> TakeDesired() { return std::exchange(desired_, std::nullopt); }
  // There is news: it is reported without waiting for the interval.
  void ReportSoon() { has_news_ = true; }

  // False: nothing is to be sent now.
  bool Next(TimePoint now, uplink::DownlinkMessage* message);
  TimePoint NextWake() const;

 private:
  enum class Request : uint8_t { kNone, kRead, kReport };

  void Begin(Request request, TimePoint now);
  void Retry(TimePoint now);
  void OnRead(std::string_view payload, TimePoint now);
  TimePoint ReadDue() const;
  TimePoint ReportDue() const;

  const Options options_;
  uplink::Backoff backoff_;
  const std::function<std::string()> report_;

  bool is_up_ = false;
  Request under_way_ = Request::kNone;
  uint64_t request_id_ = 0;  // of the last request
  TimePoint answer_until_;   // of the one under way
  TimePoint not_before_;     // of the next request: after a failure

  bool must_read_ = false;
  uint64_t newest_ = 0;               // version that the hub has told of on this connection
  std::optional<TimePoint> read_at_;  // on this connection
  std::optional<Desired> desired_;

  bool has_news_ = true;
  std::optional<TimePoint> reported_at_;
};

}  // namespace sluice::cloud
