// DIR/messages.jsonl: what the hub has stored.
//
// Lines gather in memory; Flush() hands them to the operating system in one write. Only then may
// they be acknowledged: from there on a kill -9 of the hub loses nothing. (Power loss is not what a
// stand-in is for: no fsync.)
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace sluice::devhub {

class MessageLog {
 public:
  // Appends to the file, made if missing, and locks it against a second hub on the same folder. A
  // last line that a killed hub left unfinished was never acknowledged: it is cut off, and
  // `*cut_bytes` says how long it was.
  static absl::StatusOr<MessageLog> Open(const std::string& path, size_t* cut_bytes);

  MessageLog(MessageLog&& other) noexcept;
  MessageLog& operator=(MessageLog&&) = delete;
  ~MessageLog();

  // Where the next line is appended. What was appended since the last Flush() is not safe yet.
  std::string* pending() { return &pending_; }

  // After an error nothing of the pending lines is in the file, and they are forgotten.
  absl::Status Flush();

 private:
  MessageLog(int fd, std::string path);

  int fd_;
  std::string path_;
  std::string pending_;
};

}  // namespace sluice::devhub
