#include "gateway/lines/line_reader.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace sluice::lines {
namespace {

constexpr size_t kReadBytes = 1 << 20;

}  // namespace

bool LineReader::Next(std::string_view* line) {
  while (!FindLine(line)) {
    if (at_end_ || !Fill()) return false;
  }
  return true;
}

bool LineReader::HasLine() {
  const size_t before = begin_;
  std::string_view line;
  const bool found = FindLine(&line);
  begin_ = before;
  if (found) scanned_ = begin_ + line.size();
  return found;
}

bool LineReader::FindLine(std::string_view* line) {
  const char* const data = buffer_.data();
  const void* const feed =
      scanned_ == end_ ? nullptr : std::memchr(data + scanned_, '\n', end_ - scanned_);
  size_t line_end = end_;
  if (feed != nullptr) {
    line_end = static_cast<size_t>(static_cast<const char*>(feed) - data);
  } else if (!at_end_ || begin_ == end_) {
    scanned_ = end_;
    return false;
  }
  *line = {data + begin_, line_end - begin_};
  begin_ = scanned_ = feed != nullptr ? line_end + 1 : line_end;
  return true;
}

// Reads once. False after an error.
bool LineReader::Fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    scanned_ -= begin_;
    begin_ = 0;
  }
  if (end_ > kMaxLineBytes) {
    status_ = absl::ResourceExhaustedError("a line of more than 64 MiB");
    return false;
  }
  if (buffer_.size() - end_ < kReadBytes) buffer_.resize(end_ + 2 * kReadBytes);
  ssize_t got = 0;
  do {
    got = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    status_ = absl::ErrnoToStatus(errno, "read");
    return false;
  }
  at_end_ = got == 0;
  end_ += static_cast<size_t>(got);
  return true;
}

}  // namespace sluice::lines
