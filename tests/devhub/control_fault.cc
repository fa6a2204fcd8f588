#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/devhub/control_members.h"
#include "tests/devhub/control_ops.h"
#include "tests/devhub/metering.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

// --- A row per kind of fault: reads its own members into the fault.

void ReadSlow(Hub&, Members& members, Fault* fault) {
  fault->delay_us = Micros(members.Number("delayMs").value_or(1000), 1e3);
}

void ReadNoAck(Hub&, Members& members, Fault* fault) { fault->store = members.Flag("store", true); }

void ReadThrottle(Hub& hub, Members& members, Fault* fault) {
  const auto tier_rate =
      static_cast<double>(SendsPerSecond(hub.registry().tier(), hub.registry().units()));
  const double rate = std::max(0.001, members.Number("perSecond").value_or(tier_rate));
  const double burst = members.Number("burst").value_or(rate);
  fault->throttle =
      Throttle(rate, burst, Micros(members.Number("patienceMs").value_or(10'000), 1e3));
}

void ReadDisconnect(Hub&, Members& members, Fault* fault) {
  fault->after = static_cast<uint64_t>(members.Number("after").value_or(0));
}

// The rate is each identity's own. Azure publishes no figure; patience is what it may take to
// answer CONNECT.
void ReadConnect(Hub&, Members& members, Fault* fault) {
  const double rate = std::max(0.001, members.Number("perSecond").value_or(1));
  fault->throttle = Throttle(rate, members.Number("burst").value_or(1),
                             Micros(members.Number("patienceMs").value_or(60'000), 1e3));
}

void ReadWorkload(Hub&, Members& members, Fault* fault) {
  fault->status = static_cast<int>(members.Number("status").value_or(500));
  if (fault->status < 400 || fault->status > 599) members.Fail("status", "400 to 599");
}

struct KindRow {
  std::string_view name;
  Fault::Kind kind;
  void (*read)(Hub& hub, Members& members, Fault* fault);
};
constexpr KindRow kKinds[] = {
    {"slow", Fault::Kind::kSlow, ReadSlow},
    {"no-ack", Fault::Kind::kNoAck, ReadNoAck},
    {"throttle", Fault::Kind::kThrottle, ReadThrottle},
    {"disconnect", Fault::Kind::kDisconnect, ReadDisconnect},
    {"connect", Fault::Kind::kConnect, ReadConnect},
    {"workload", Fault::Kind::kWorkload, ReadWorkload},
};

Json SetFault(Hub& hub, const Json& command) {
  Members members(command);
  const std::string kind = members.Text("kind");
  if (kind == "none") {
    if (std::string error = members.error(); !error.empty()) return ControlError(error);
    hub.ClearFaults();
    return {{"ok", true}};
  }
  for (const KindRow& row : kKinds) {
    if (row.name != kind) continue;
    Fault fault;
    fault.kind = row.kind;
    fault.client_id = members.Text("device");
    if (const auto count = members.Number("count")) fault.count = static_cast<uint64_t>(*count);
    if (const auto seconds = members.Number("seconds")) {
      fault.until_us = hub.clock().SteadyMicros() + Micros(seconds, 1e6);
    }
    row.read(hub, members, &fault);
    const int64_t refuse_us =
        row.kind == Fault::Kind::kDisconnect ? Micros(members.Number("refuseMs"), 1e3) : 0;
    if (std::string error = members.error(); !error.empty()) return ControlError(error);
    if (row.kind != Fault::Kind::kDisconnect) {
      hub.faults().Set(std::move(fault));
      return {{"ok", true}};
    }
    if (fault.after == 0)
      return {{"ok", true}, {"closed", hub.Disconnect(fault.client_id, refuse_us)}};
    fault.count = fault.count.value_or(1);  // one cut, unless more are asked for
    hub.faults().Set(std::move(fault));
    return {{"ok", true}};
  }
  return ControlError("kind: want slow, no-ack, throttle, disconnect, connect, workload or none");
}

}  // namespace

void ControlFault(Hub& hub, const Json& command, const ControlReply& reply) {
  reply(SetFault(hub, command));
}

}  // namespace sluice::devhub
