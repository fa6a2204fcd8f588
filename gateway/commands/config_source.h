// Which configuration is meant: the file that was named, or, in an IoT Edge module, what its
// environment says.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace sluice::commands {

struct ConfigSource {
  std::string name;                 // the file, or what messages call the text
  std::optional<std::string> text;  // absent: it stands in the file
};

// `path` if there is one, else the file that SLUICE_CONFIG names, else, in a module, its built-in
// configuration. NotFound: none of them.
absl::StatusOr<ConfigSource> FindConfig(const std::string& path);

}  // namespace sluice::commands
