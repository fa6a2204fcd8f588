// Connection strings of IoT Hub devices and modules: HostName=…;DeviceId=…;SharedAccessKey=…
//
// No message made here quotes a value: the key is a secret, and a misplaced one may stand anywhere.
#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

// What is wrong with `text` for an `iothub` output, or empty.
std::string CheckConnectionString(std::string_view text);

}  // namespace sluice::config
