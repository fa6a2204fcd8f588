// What each of the control socket's commands does; control.h lists them. Internal to it.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/devhub/hub.h"

namespace sluice::devhub {

// To be called once, now or later.
using ControlReply = std::function<void(nlohmann::json)>;

void ControlFault(Hub& hub, const nlohmann::json& command, const ControlReply& reply);
void ControlMessage(Hub& hub, const nlohmann::json& command, const ControlReply& reply);
void ControlMethod(Hub& hub, const nlohmann::json& command, const ControlReply& reply);
void ControlTwin(Hub& hub, const nlohmann::json& command, const ControlReply& reply);
void ControlDps(Hub& hub, const nlohmann::json& command, const ControlReply& reply);

}  // namespace sluice::devhub
