#include "gateway/commands/dead_letters.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "gateway/server/unique_fd.h"

namespace sluice::commands {

namespace {

// A name is as durable as its folder. False with errno set.
bool SyncFolder(const std::string& folder) {
  const server::UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd.get() >= 0 && ::fsync(fd.get()) == 0;
}

}  // namespace

DeadLetters::DeadLetters(std::string folder, std::string output, std::string_view epoch,
                         uint64_t max_file_bytes)
    : folder_(std::move(folder)),
      path_(folder_ + "/" + output + ".jsonl"),
      output_(std::move(output)),
      max_file_bytes_(max_file_bytes),
      lines_(epoch, output_) {}

void DeadLetters::Add(const spool::RecordView& record, std::string_view reason) {
  line_.clear();
  lines_.Append(record, &line_, reason);
  if (Write()) return kept_.Add();
  const int error = errno;
  lost_.Add();
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
  if (!log_limit_.Admit(now.count())) return;
  operate::Log(operate::LogLevel::kError, "dead_letter_lost",
               "a message that cannot be delivered could not be kept either",
               {{"output", output_}, {"path", path_}, {"cause", std::strerror(error)}});
}

// False with errno set.
bool DeadLetters::Write() {
  std::error_code ignored;  // open() says why
  std::filesystem::create_directories(std::filesystem::path(folder_).parent_path(), ignored);
  if (::mkdir(folder_.c_str(), 0700) == 0) {
    if (!SyncFolder(std::filesystem::path(folder_).parent_path())) return false;
  } else if (errno != EEXIST) {
    return false;
  }
  struct stat status {};
  bool is_new = ::stat(path_.c_str(), &status) != 0;
  if (!is_new && static_cast<uint64_t>(status.st_size) + line_.size() > max_file_bytes_) {
    if (::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) return false;
    is_new = true;
  }
  const server::UniqueFd file(
      ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) return false;
  const off_t end = ::lseek(file.get(), 0, SEEK_END);
  if (end < 0) return false;
  size_t written = 0;
  while (written < line_.size()) {
    const ssize_t n = ::write(file.get(), line_.data() + written, line_.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      // The next line begins where this one did.
      if (written > 0) static_cast<void>(::ftruncate(file.get(), end) == 0);
      errno = error;
      return false;
    }
    written += static_cast<size_t>(n);
  }
  return ::fdatasync(file.get()) == 0 && (!is_new || SyncFolder(folder_));
}

}  // namespace sluice::commands
