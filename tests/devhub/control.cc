#include "tests/devhub/control.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tests/devhub/control_members.h"
#include "tests/devhub/control_ops.h"
#include "tests/devhub/metering.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

void ControlStats(Hub& hub, const Json&, const ControlReply& reply) {
  const Statistics& statistics = hub.statistics();
  Json devices = Json::object();
  for (const auto& [client_id, device] : statistics.devices) {
    devices[client_id] = {{"messages", device.messages}, {"blocks", device.blocks}};
  }
  reply({{"ok", true},
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
         {"devices", devices}});
}

struct OpRow {
  std::string_view name;
  void (*run)(Hub& hub, const Json& command, const ControlReply& reply);
};
constexpr OpRow kOps[] = {
    {"fault", ControlFault},   {"stats", ControlStats}, {"c2d", ControlMessage},
    {"method", ControlMethod}, {"twin", ControlTwin},   {"dps", ControlDps},
};

void Run(Hub& hub, std::string_view line, const ControlReply& reply) {
  const Json command = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!command.is_object()) return reply(ControlError("want one JSON object a line"));
  const auto op = command.find("op");
  if (op != command.end() && op->is_string()) {
    for (const OpRow& row : kOps) {
      if (row.name == op->get<std::string>()) return row.run(hub, command, reply);
    }
  }
  reply(ControlError("op: want fault, stats, c2d, method, twin or dps"));
}

}  // namespace

void AnswerControl(Hub& hub, std::string_view line, const std::function<void(std::string)>& reply) {
  Run(hub, line, [reply](const Json& answer) {
    reply(answer.dump(-1, ' ', false, Json::error_handler_t::replace));
  });
}

}  // namespace sluice::devhub
