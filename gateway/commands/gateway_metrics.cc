#include "gateway/commands/gateway_metrics.h"

#include <functional>
#include <string>

namespace sluice::commands {
namespace {

constexpr char kDropped[] = "messages_dropped_total";
constexpr char kDroppedHelp[] = "Messages that went nowhere, by reason";

using Pick = std::function<uint64_t(const pipeline::PipelineCounters&)>;

uint64_t Sum(std::span<const pipeline::Pipeline* const> pipelines, const Pick& pick) {
  uint64_t sum = 0;
  for (const pipeline::Pipeline* pipeline : pipelines) sum += pick(pipeline->counters());
  return sum;
}

}  // namespace

void AddServerMetrics(const server::ServerCounts& counts, operate::MetricsPage* page) {
  page->AddGauge("connections", "Devices connected now", static_cast<double>(counts.connections));
  page->AddCounter("connects_total", "CONNECTs accepted", counts.connects);
  page->AddCounter("tcp_accepted_total", "TCP connections accepted", counts.accepted);
  page->AddCounter("handshakes_total", "TLS handshakes completed", counts.handshakes);
  page->AddCounter("handshakes_resumed_total", "Of these, resumed sessions",
                   counts.handshakes_resumed);
  page->AddGauge("handshakes_in_flight", "TLS handshakes under way",
                 static_cast<double>(counts.handshakes_in_flight));
  page->AddCounter("accept_failures_total", "Connections that the system could not accept",
                   counts.accept_failures);
  for (const auto& [reason, count] : counts.refused) {
    page->AddCounter("connections_refused_total", "Connections that were not let in, by reason",
                     count, {{"reason", std::string(reason)}});
  }
  for (const auto& [reason, count] : counts.closed) {
    page->AddCounter("connections_closed_total",
                     "Connections that ended after they were let in, by reason", count,
                     {{"reason", std::string(reason)}});
  }
  page->AddCounter("messages_received_total",
                   "Messages that devices published, resends of QoS 2 apart",
                   counts.received[0] + counts.received[1] + counts.received[2]);
  page->AddCounter("received_bytes_total", "Bytes of their packets", counts.received_bytes);
  page->AddCounter("duplicates_total", "QoS 2 resends answered and not judged again",
                   counts.duplicates);
  page->AddCounter("pauses_total", "Times a connection had to wait for room", counts.paused);
  page->AddCounter("wills_ignored_total", "Wills that devices asked for: not supported yet",
                   counts.wills_ignored);
  page->AddCounter("subscriptions_refused_total",
                   "Subscriptions that devices asked for: not supported yet",
                   counts.subscriptions_refused);
  page->AddCounter(kDropped, kDroppedHelp, counts.forbidden, {{"reason", "forbidden"}});
  page->AddCounter(kDropped, kDroppedHelp, counts.dropped_no_room, {{"reason", "no_room"}});
  page->AddCounter(kDropped, kDroppedHelp, counts.overflow, {{"reason", "overflow"}});
  page->AddCounter(kDropped, kDroppedHelp, counts.topic_limit, {{"reason", "topic_limit"}});
  page->AddCounter(kDropped, kDroppedHelp, counts.bad_payload_format,
                   {{"reason", "bad_payload_format"}});
}

void AddPipelineMetrics(const compile::Program& program,
                        std::span<const pipeline::Pipeline* const> pipelines,
                        operate::MetricsPage* page) {
  for (size_t i = 1; i < match::kDropReasons; ++i) {
    const auto reason = static_cast<match::DropReason>(i);
    page->AddCounter(kDropped, kDroppedHelp,
                     Sum(pipelines, [i](const auto& c) { return c.dropped[i].Get(); }),
                     {{"reason", std::string(match::DropReasonText(reason))}});
  }
  page->AddCounter("forged_properties_total",
                   "Properties removed because they would forge an origin",
                   Sum(pipelines, [](const auto& c) { return c.forged_properties.Get(); }));
  page->AddCounter("windows_total", "Windows that were closed, each a message",
                   Sum(pipelines, [](const auto& c) { return c.windows.Get(); }));
  page->AddCounter("windows_lost_total", "Of these, given up because outputs had no room for long",
                   Sum(pipelines, [](const auto& c) { return c.windows_lost.Get(); }));
  page->AddGauge("reducer_states", "States that reducers keep",
                 static_cast<double>(Sum(pipelines, [](const auto& c) { return c.states.Get(); })));
  page->AddGauge(
      "reducer_state_bytes", "Memory that they take",
      static_cast<double>(Sum(pipelines, [](const auto& c) { return c.state_bytes.Get(); })));
  page->AddCounter("reducer_evictions_total", "States that had to go because max_state was full",
                   Sum(pipelines, [](const auto& c) { return c.state_evictions.Get(); }));
  for (size_t i = 0; i < program.outputs().size(); ++i) {
    page->AddCounter("messages_forwarded_total", "Messages handed to an output",
                     Sum(pipelines, [i](const auto& c) { return c.forwarded[i].Get(); }),
                     {{"output", program.outputs()[i]}});
    page->AddCounter("output_no_room_total",
                     "Messages that an output had no room for, whether another took them or not",
                     Sum(pipelines, [i](const auto& c) { return c.no_room[i].Get(); }),
                     {{"output", program.outputs()[i]}});
  }
  const struct {
    const char* name;
    const char* help;
    operate::Counter pipeline::RuleCounters::*counter;
  } kOfRules[] = {
      {"rule_matches_total", "Messages that matched a rule, held by its reducers or not",
       &pipeline::RuleCounters::matches},
      {"rule_sent_total",
       "Messages that a rule handed to outputs, once for each, what its windows send included",
       &pipeline::RuleCounters::sent},
      {"rule_errors_total", "Messages whose body a rule needed and could not read or shape",
       &pipeline::RuleCounters::errors},
  };
  for (const auto& [name, help, counter] : kOfRules) {
    for (size_t i = 0; i < program.rules().size(); ++i) {
      page->AddCounter(name, help,
                       Sum(pipelines, [&, member = counter](
                                          const auto& c) { return (c.rules[i].*member).Get(); }),
                       {{"rule", program.rules()[i].name}});
    }
  }
}

}  // namespace sluice::commands
