// Topic filters of `devices`, in which {device} stands for the identity of whoever publishes or
// subscribes.
#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

// What is wrong with a template, or empty. Beyond MQTT's rules for filters: {device} is the only
// name in braces, and a template reaches into no topics that begin with a dollar.
std::string CheckTemplate(std::string_view filter);

}  // namespace sluice::config
