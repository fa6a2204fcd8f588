#include "tests/devhub/config_file.h"

#include <unistd.h>

namespace sluice::devhub {

bool FileWatch::Version::operator==(const Version& other) const {
  return inode == other.inode && size == other.size && changed.tv_sec == other.changed.tv_sec &&
         changed.tv_nsec == other.changed.tv_nsec;
}

FileWatch::Version FileWatch::Look() const {
  struct stat status = {};
  if (stat(path_.c_str(), &status) != 0) return {};
  return {status.st_ino, status.st_size, status.st_mtim};
}

bool FileWatch::exists() const { return access(path_.c_str(), F_OK) == 0; }

bool FileWatch::Changed() {
  const Version now = Look();
  return !(now == std::exchange(seen_, now));
}

}  // namespace sluice::devhub
