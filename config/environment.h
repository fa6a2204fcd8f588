// Names of the environment in values: "${CREDENTIALS_DIRECTORY}/hub.key".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

// "${NAME}" and nothing else.
bool IsEnvironmentName(std::string_view text);

// Each ${NAME} replaced by what the environment has; what is not of that form stays. Nothing if a
// name is not set: it is then in `missing`.
std::optional<std::string> ExpandEnvironment(std::string_view text, std::string* missing);

}  // namespace sluice::config
