#include <nlohmann/json.hpp>
#include <string>

#include "tests/devhub/control_members.h"
#include "tests/devhub/control_ops.h"

namespace sluice::devhub {

using Json = nlohmann::json;

void ControlDps(Hub& hub, const Json& command, const ControlReply& reply) {
  Members members(command);
  const std::string kind = members.Text("kind");
  const Identity identity = members.Client("device");
  if (std::string error = members.error(); !error.empty()) return reply(ControlError(error));
  if (kind != "forget") return reply(ControlError("kind: want forget"));
  if (!hub.Unprovision(identity.device)) {
    return reply(ControlError(Failure{kDeviceNotFound, "not an identity that DPS has made"}));
  }
  reply({{"ok", true}});
}

}  // namespace sluice::devhub
