#include "gateway/simulate/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice::simulate {

void Tally::Merge(const Tally& other) {
  sent += other.sent;
  sent_bytes += other.sent_bytes;
  confirmable += other.confirmable;
  acknowledged += other.acknowledged;
  refused += other.refused;
  resent += other.resent;
  unexpected += other.unexpected;
  waiting += other.waiting;
  unsent += other.unsent;
  reconnects += other.reconnects;
  connected += other.connected;
  refused_locally += other.refused_locally;
  malformed += other.malformed;
  seconds = std::max(seconds, other.seconds);
  latency.Merge(other.latency);
  for (const auto& [reason, count] : other.refusals) refusals[reason] += count;
  for (const auto& [cause, count] : other.lost_links) lost_links[cause] += count;
}

bool Complete(const Tally& tally) {
  return tally.waiting == 0 && tally.unsent == 0 && tally.malformed == 0 &&
         tally.acknowledged + tally.refused == tally.confirmable;
}

std::string FormatMicroseconds(int64_t microseconds) {
  const double ms = static_cast<double>(microseconds) / 1000;
  if (ms >= 1000) return fmt::format("{:.2f} s", ms / 1000);
  return ms < 10 ? fmt::format("{:.2f} ms", ms) : fmt::format("{:.1f} ms", ms);
}

std::string Summary(const Tally& tally) {
  std::string out;
  const auto line = [&out](const char* name, uint64_t value, const std::string& note = "") {
    fmt::format_to(std::back_inserter(out), "{:<13}{:>10}{}{}\n", name, value,
                   note.empty() ? "" : "  ", note);
  };
  const double seconds = tally.seconds > 0 ? tally.seconds : 1;
  line("sent", tally.sent,
       fmt::format("{:.0f} a second over {:.2f} s, {} at QoS 1 or 2",
                   static_cast<double>(tally.sent) / seconds, tally.seconds, tally.confirmable));
  line("acknowledged", tally.acknowledged, fmt::format("of {}", tally.confirmable));
  line("refused", tally.refused + tally.refused_locally);
  for (const auto& [reason, count] : tally.refusals) {
    fmt::format_to(std::back_inserter(out), "  {:>8}  {}\n", count, reason);
  }
  if (tally.latency.count() > 0) {
    fmt::format_to(std::back_inserter(out), "latency      p50 {}  p99 {}  max {}\n",
                   FormatMicroseconds(tally.latency.Quantile(0.5)),
                   FormatMicroseconds(tally.latency.Quantile(0.99)),
                   FormatMicroseconds(tally.latency.max_us()));
  } else {
    out += "latency      nothing was acknowledged\n";
  }
  line("reconnects", tally.reconnects,
       tally.resent == 0 ? "" : fmt::format("{} messages sent again", tally.resent));
  for (const auto& [cause, count] : tally.lost_links) {
    fmt::format_to(std::back_inserter(out), "  {:>8}  {}\n", count, cause);
  }
  if (tally.unexpected > 0)
    line("unexpected", tally.unexpected, "acknowledgements of nothing in flight");
  if (!Complete(tally)) {
    line("missing", tally.waiting, "acknowledgements");
    line("unsent", tally.unsent);
    if (tally.malformed > 0) line("malformed", tally.malformed, "lines are no messages");
  }
  return out;
}

}  // namespace sluice::simulate
