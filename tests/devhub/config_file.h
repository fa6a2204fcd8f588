// DIR/devices.json and DIR/dps.json, read again when they change.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace sluice::devhub {

// Whether a file is another than at the last look.
class FileWatch {
 public:
  explicit FileWatch(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }
  bool exists() const;
  // To be called before reading: a change in between is then seen again.
  bool Changed();

 private:
  struct Version {
    ino_t inode = 0;
    off_t size = 0;
    timespec changed = {};
    bool operator==(const Version& other) const;
  };
  Version Look() const;

  std::string path_;
  Version seen_;
};

// A configuration of type `Config`, which has a static Load(path) and warnings.
template <typename Config>
class ConfigFile {
 public:
  ConfigFile(std::string path, std::function<void(const std::string&)> log_line)
      : watch_(std::move(path)), log_line_(std::move(log_line)) {}

  bool exists() const { return watch_.exists(); }

  absl::StatusOr<Config> Load() {
    watch_.Changed();
    absl::StatusOr<Config> config = Config::Load(watch_.path());
    if (config.ok()) {
      for (const std::string& warning : config->warnings) {
        log_line_(watch_.path() + ": warning: " + warning);
      }
    }
    return config;
  }

  // The file's content if it is another than at the last look, or if `force`. One that does not
  // parse is logged and changes nothing.
  std::optional<Config> LoadIfChanged(bool force) {
    if (!watch_.Changed() && !force) return std::nullopt;
    absl::StatusOr<Config> config = Load();
    if (!config.ok()) {
      log_line_("keeping the identities as they were: " + std::string(config.status().message()));
      return std::nullopt;
    }
    log_line_(watch_.path() + ": read again");
    return *std::move(config);
  }

 private:
  FileWatch watch_;
  std::function<void(const std::string&)> log_line_;
};

}  // namespace sluice::devhub
