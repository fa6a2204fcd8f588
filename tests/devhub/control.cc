#include "tests/devhub/control.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "absl/status/statusor.h"
#include "tests/devhub/metering.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

Json Error(const std::string& why) { return {{"ok", false}, {"error", why}}; }

// Reads a command's members and complains about those of the wrong type or of no meaning.
class Members {
 public:
  explicit Members(const Json& command) : command_(command) { used_ = {"op", "kind"}; }

  std::string Text(const char* name) {
    const Json* value = Find(name);
    if (value == nullptr) return "";
    if (!value->is_string()) return Fail(name, "a string"), "";
    return value->get<std::string>();
  }
  std::optional<double> Number(const char* name) {
    const Json* value = Find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number() || value->get<double>() < 0 || value->get<double>() > 1e9) {
      return Fail(name, "a number from 0 to 1e9"), std::nullopt;
    }
    return value->get<double>();
  }
  bool Flag(const char* name, bool otherwise) {
    const Json* value = Find(name);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) return Fail(name, "true or false"), otherwise;
    return value->get<bool>();
  }

  // What is wrong, after all members were asked for; empty if nothing is.
  std::string error() {
    for (const auto& [name, value] : command_.items()) {
      if (error_.empty() && !used_.contains(name)) {
        error_ = fmt::format("{} means nothing to this command", Printable(name));
      }
    }
    return error_;
  }

 private:
  const Json* Find(const char* name) {
    used_.insert(name);
    const auto found = command_.find(name);
    return found == command_.end() ? nullptr : &*found;
  }
  void Fail(const char* name, const char* want) {
    if (error_.empty()) error_ = fmt::format("{}: want {}", name, want);
  }

  const Json& command_;
  std::set<std::string> used_;
  std::string error_;
};

int64_t Micros(std::optional<double> amount, double unit_us) {
  return static_cast<int64_t>(amount.value_or(0) * unit_us);
}

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
};

Json SetFault(Hub& hub, const Json& command) {
  Members members(command);
  const std::string kind = members.Text("kind");
  if (kind == "none") {
    if (std::string error = members.error(); !error.empty()) return Error(error);
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
    if (std::string error = members.error(); !error.empty()) return Error(error);
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
  return Error("kind: want slow, no-ack, throttle, disconnect or none");
}

Json Stats(Hub& hub, const Json&) {
  const Statistics& statistics = hub.statistics();
  Json devices = Json::object();
  for (const auto& [client_id, device] : statistics.devices) {
    devices[client_id] = {{"messages", device.messages}, {"blocks", device.blocks}};
  }
  return {{"ok", true},
          {"connections", hub.connections()},
          {"accepted", statistics.accepted},
          {"messages", statistics.messages},
          {"operations", statistics.operations},
          {"blocks", statistics.blocks},
          {"blocksToday", hub.blocks_today()},
          {"blocksPerDay", hub.registry().tier().blocks_per_day * hub.registry().units()},
          {"bytes", statistics.bytes},
          {"faults", hub.faults().size()},
          {"refused", statistics.refused},
          {"devices", devices}};
}

Json NotYet(Hub&, const Json& command) {
  return Error(fmt::format("op {}: not yet played by this stand-in; fault and stats are",
                           command["op"].get<std::string>()));
}

struct OpRow {
  std::string_view name;
  Json (*run)(Hub& hub, const Json& command);
};
constexpr OpRow kOps[] = {
    {"fault", SetFault}, {"stats", Stats}, {"c2d", NotYet}, {"method", NotYet}, {"twin", NotYet}};

Json Answer(Hub& hub, std::string_view line) {
  const Json command = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!command.is_object()) return Error("want one JSON object a line");
  const auto op = command.find("op");
  if (op != command.end() && op->is_string()) {
    for (const OpRow& row : kOps) {
      if (row.name == op->get<std::string>()) return row.run(hub, command);
    }
  }
  return Error("op: want fault, stats, c2d, method or twin");
}

}  // namespace

std::string AnswerControl(Hub& hub, std::string_view line) {
  return Answer(hub, line).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::devhub
