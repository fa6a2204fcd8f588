#include "tests/devhub/registry_file.h"

#include <utility>

namespace sluice::devhub {

bool RegistryFile::Version::operator==(const Version& other) const {
  return inode == other.inode && size == other.size && changed.tv_sec == other.changed.tv_sec &&
         changed.tv_nsec == other.changed.tv_nsec;
}

RegistryFile::RegistryFile(std::string path, std::function<void(const std::string&)> log_line)
    : path_(std::move(path)), log_line_(std::move(log_line)) {}

RegistryFile::Version RegistryFile::Look() const {
  struct stat status = {};
  if (stat(path_.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_size, status.st_mtim};
}

absl::StatusOr<Registry> RegistryFile::Load() {
  seen_ = Look();  // before reading: a change in between is then seen again
  absl::StatusOr<Registry> registry = Registry::Load(path_);
  if (registry.ok()) {
    for (const std::string& warning : registry->warnings())
      log_line_(path_ + ": warning: " + warning);
  }
  return registry;
}

std::optional<Registry> RegistryFile::LoadIfChanged(bool force) {
  if (!force && Look() == seen_) return std::nullopt;
  absl::StatusOr<Registry> registry = Load();
  if (!registry.ok()) {
    log_line_("keeping the identities as they were: " + std::string(registry.status().message()));
    return std::nullopt;
  }
  log_line_(path_ + ": read again");
  return *std::move(registry);
}

}  // namespace sluice::devhub
