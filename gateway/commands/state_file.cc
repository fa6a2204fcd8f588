#include "gateway/commands/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>

#include "gateway/server/unique_fd.h"

namespace sluice::commands {
namespace {

using server::UniqueFd;

constexpr int64_t kMaxBytes = int64_t{4} << 30;

absl::Status Failed(const std::string& path) { return absl::ErrnoToStatus(errno, path); }

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// The name of a new file is on the disk.
bool SyncFolder(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.get() >= 0 && ::fsync(fd.get()) == 0;
}

absl::StatusOr<std::string> Read(const std::string& path, bool removes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (fd.get() < 0) return Failed(path);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Failed(path);
  if (removes && ::unlink(path.c_str()) != 0) return Failed(path);
  if (!S_ISREG(status.st_mode) || status.st_size > kMaxBytes)
    return absl::InvalidArgumentError(path + ": no file that was left here");
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t read = 0;
  while (read < bytes.size()) {
    const ssize_t got = ::read(fd.get(), &bytes[read], bytes.size() - read);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed(path);
    if (got == 0) break;
    read += static_cast<size_t>(got);
  }
  bytes.resize(read);
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> ReadStateFile(const std::string& path) { return Read(path, false); }

absl::StatusOr<std::string> TakeStateFile(const std::string& path) { return Read(path, true); }

absl::Status WriteStateFile(const std::string& path, std::string_view bytes) {
  const std::string folder = std::filesystem::path(path).parent_path();
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return Failed(folder);
  const std::string unfinished = path + ".new";
  ::unlink(unfinished.c_str());
  const UniqueFd fd(
      ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0) return Failed(unfinished);
  if (!WriteAll(fd.get(), bytes) || ::fsync(fd.get()) != 0 ||
      ::rename(unfinished.c_str(), path.c_str()) != 0) {
    absl::Status failed = Failed(unfinished);
    ::unlink(unfinished.c_str());
    return failed;
  }
  return SyncFolder(folder) ? absl::OkStatus() : Failed(folder);
}

}  // namespace sluice::commands
