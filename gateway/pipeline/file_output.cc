#include "gateway/pipeline/file_output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include "gateway/operate/log.h"
#include "gateway/pipeline/store_port.h"

namespace sluice::pipeline {
namespace {

using std::chrono::steady_clock;

constexpr size_t kGatherBytes = 1 << 20;  // text of one write
constexpr std::chrono::hours kLong{1};
constexpr std::chrono::seconds kRetry{1};

// Ends a last line that lacks its line feed.
bool EndLastLine(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return false;
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return true;
  char last = '\n';
  if (::pread(fd, &last, 1, status.st_size - 1) != 1) return false;
  return last == '\n' || ::write(fd, "\n", 1) == 1;
}

// Makes the file's name as durable as its content will be.
bool SyncFolder(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool synced = ::fsync(fd) == 0 || errno == EINVAL;
  ::close(fd);
  return synced;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileOutput>> FileOutput::Open(Options options) {
  const int fd = ::open(options.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, "output '" + options.name + "': " + options.path);
  if (!EndLastLine(fd) || (options.sync && !SyncFolder(options.path))) {
    const int error = errno;
    ::close(fd);
    return absl::ErrnoToStatus(error, "output '" + options.name + "': " + options.path);
  }
  return std::unique_ptr<FileOutput>(new FileOutput(std::move(options), fd));
}

FileOutput::FileOutput(Options options, int fd)
    : options_(std::move(options)),
      fd_(fd),
      queue_({.max_bytes = options_.max_bytes, .on_room = options_.on_room}, bell_),
      lines_(options_.epoch, options_.name),
      thread_([this] { Run(); }) {}

FileOutput::~FileOutput() {
  Stop();
  ::close(fd_);
}

bool FileOutput::Stop() {
  if (thread_.joinable()) {
    stopping_.store(true);
    bell_.Ring();
    thread_.join();
  }
  return queue_.records() == 0;
}

std::unique_ptr<OutputPort> FileOutput::NewPort() { return std::make_unique<StorePort>(queue_); }

void FileOutput::Run() {
  while (true) {
    const bool stopping =
        stopping_.load();  // before looking: what was appended before stopping is seen
    while (Gather()) {
      if (!WriteGathered()) break;
    }
    if (stopping) return;
    bell_.WaitUntil(steady_clock::now() +
                    (failing() ? steady_clock::duration(kRetry) : steady_clock::duration(kLong)));
  }
}

// Adds to what has been taken, up to a good write's size. False if there is nothing to write.
bool FileOutput::Gather() {
  while (text_.size() < kGatherBytes) {
    spool::Receipt receipt;
    const spool::RecordView* const record = queue_.Take(&receipt);
    if (record == nullptr) break;
    lines_.Append(*record, &text_);
    receipts_.push_back(receipt);
    if (record->ticket) tickets_.push_back(*record->ticket);
  }
  return !receipts_.empty();
}

bool FileOutput::WriteGathered() {
  if (!Write()) {
    LogFailure("write", errno);
    return false;
  }
  if (options_.sync && ::fdatasync(fd_) != 0 && errno != EINVAL && errno != EROFS) {
    LogFailure("fdatasync", errno);
    text_written_ = 0;
    return false;
  }
  if (failing_.exchange(false)) {
    operate::Log(operate::LogLevel::kInfo, "output_recovered", "the file takes messages again",
                 {{"output", options_.name}, {"path", options_.path}});
  }
  written_.Add(receipts_.size());
  if (!tickets_.empty()) options_.on_settled(tickets_);
  queue_.Settle(receipts_);
  text_.clear();
  text_written_ = 0;
  receipts_.clear();
  tickets_.clear();
  return true;
}

// Goes on where it stopped. False with errno set.
bool FileOutput::Write() {
  while (text_written_ < text_.size()) {
    const ssize_t n = ::write(fd_, text_.data() + text_written_, text_.size() - text_written_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text_written_ += static_cast<size_t>(n);
  }
  return true;
}

void FileOutput::LogFailure(const char* what, int error) {
  failures_.Add();
  if (failing_.exchange(true)) return;  // once until it recovers
  operate::Log(operate::LogLevel::kError, "output_failed",
               "messages for this file wait and are not acknowledged; free space or fix the path's "
               "file system",
               {{"output", options_.name},
                {"path", options_.path},
                {"call", what},
                {"cause", std::strerror(error)}});
}

}  // namespace sluice::pipeline
