#include "tests/devhub/message_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::devhub {
namespace {

absl::Status SystemError(const std::string& path, const char* what) {
  return absl::InternalError(fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

// Where the last whole line of a file of `size` bytes ends; -1 on a read error.
ssize_t EndOfLastLine(int fd, size_t size) {
  char block[65536];
  while (size > 0) {
    const size_t start = size - std::min(size, sizeof(block));
    const ssize_t got = pread(fd, block, size - start, static_cast<off_t>(start));
    if (got != static_cast<ssize_t>(size - start)) return -1;
    if (const void* newline = memrchr(block, '\n', static_cast<size_t>(got))) {
      return static_cast<ssize_t>(start) + (static_cast<const char*>(newline) - block) + 1;
    }
    size = start;
  }
  return 0;
}

}  // namespace

absl::StatusOr<MessageLog> MessageLog::Open(const std::string& path, size_t* cut_bytes) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return SystemError(path, "cannot be opened");
  MessageLog log(fd, path);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(
        fmt::format("{}: another sluice-devhub uses this folder", path));
  }
  struct stat status = {};
  if (fstat(fd, &status) != 0) return SystemError(path, "cannot be examined");
  const ssize_t end = EndOfLastLine(fd, static_cast<size_t>(status.st_size));
  if (end < 0) return SystemError(path, "cannot be read");
  *cut_bytes = static_cast<size_t>(status.st_size - end);
  if (*cut_bytes > 0 && ftruncate(fd, end) != 0) return SystemError(path, "cannot be cut");
  return log;
}

MessageLog::MessageLog(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

MessageLog::MessageLog(MessageLog&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      pending_(std::move(other.pending_)) {}

MessageLog::~MessageLog() {
  if (fd_ >= 0) close(fd_);
}

absl::Status MessageLog::Flush() {
  size_t written = 0;
  while (written < pending_.size()) {
    const ssize_t now = write(fd_, pending_.data() + written, pending_.size() - written);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) {
      absl::Status status = SystemError(path_, "cannot be written");
      pending_.clear();
      // A part of the lines may be there. They are refused as a whole: a half line must not stay.
      if (written > 0) {
        const off_t end = lseek(fd_, 0, SEEK_END);
        if (end < 0 || ftruncate(fd_, end - static_cast<off_t>(written)) != 0) {
          return SystemError(path_, "cannot be cut after a failed write");
        }
      }
      return status;
    }
    written += static_cast<size_t>(now);
  }
  pending_.clear();
  return absl::OkStatus();
}

}  // namespace sluice::devhub
