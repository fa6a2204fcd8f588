// DIR/devices.json, read again when it changes.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "tests/devhub/registry.h"

namespace sluice::devhub {

class RegistryFile {
 public:
  RegistryFile(std::string path, std::function<void(const std::string&)> log_line);

  absl::StatusOr<Registry> Load();

  // The file's identities if it is another than at the last look, or if `force`. One that does not
  // parse is logged and changes nothing.
  std::optional<Registry> LoadIfChanged(bool force);

 private:
  struct Version {
    ino_t inode = 0;
    off_t size = 0;
    timespec changed = {};
    bool operator==(const Version& other) const;
  };
  Version Look() const;

  std::string path_;
  std::function<void(const std::string&)> log_line_;
  Version seen_;
};

}  // namespace sluice::devhub
