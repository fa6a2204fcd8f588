// The lines of a file or pipe, in big reads.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace sluice::lines {

inline constexpr size_t kMaxLineBytes = 64 << 20;  // a longer line ends the reading with an error

class LineReader {
 public:
  // `fd` stays the caller's to close.
  explicit LineReader(int fd) : fd_(fd) {}

  // The next line without its line feed, valid until the next call; false at the end and after an
  // error. A last line may lack the line feed.
  bool Next(std::string_view* line);
  // Whether Next() will answer without reading: a program that writes to a pipe flushes when not.
  bool HasLine();

  const absl::Status& status() const { return status_; }

 private:
  bool FindLine(std::string_view* line);
  bool Fill();

  int fd_;
  std::vector<char> buffer_;
  size_t begin_ = 0;  // of what has been read and not handed out
  size_t end_ = 0;
  size_t scanned_ = 0;  // no line feed before this
  bool at_end_ = false;
  absl::Status status_;
};

}  // namespace sluice::lines
