// The output `file`: accepted messages as lines of JSON, appended by a thread of its own.
//
// One write for whatever has gathered while the last one ran, then (with `sync`) one fdatasync, and
// only then are the tickets of these records settled. Records that cannot be written stay queued,
// unsettled, and are tried again: a full disk holds acknowledgements back and loses nothing. After
// a failed fdatasync what it covered is written once more, since the kernel may have dropped it; a
// line may then stand twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "gateway/operate/counter.h"
#include "gateway/pipeline/output_port.h"
#include "gateway/pipeline/record_line.h"
#include "gateway/session/ack_ticket.h"
#include "gateway/spool/doorbell.h"
#include "gateway/spool/memory_queue.h"

namespace sluice::pipeline {

class FileOutput {
 public:
  struct Options {
    std::string name;
    std::string path;               // made with mode 0600 if it is missing
    std::string epoch;              // of this process's message ids
    bool sync = true;               // ack: stored; false: written is enough
    uint64_t max_bytes = 64 << 20;  // of records that wait
    // Both are called on the output's own thread and must not block.
    std::function<void(std::span<const session::AckTicket>)> on_settled = [](auto) {};
    std::function<void()> on_room = [] {};
  };

  // Fails if the file cannot be opened for appending. A last line that a crash cut off is ended.
  static absl::StatusOr<std::unique_ptr<FileOutput>> Open(Options options);

  ~FileOutput();  // Stop()
  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;

  // A port for one worker.
  std::unique_ptr<OutputPort> NewPort();

  // Writes what was appended, if the disk takes it, and ends the thread: no port is used any more.
  // Whether all of it was written.
  bool Stop();

  bool failing() const { return failing_.load(std::memory_order_relaxed); }

  uint64_t written() const { return written_.Get(); }  // records, safe as `sync` says
  uint64_t failures() const { return failures_.Get(); }
  uint64_t waiting_records() const { return queue_.records(); }
  uint64_t waiting_bytes() const { return queue_.bytes(); }

 private:
  FileOutput(Options options, int fd);

  void Run();
  bool Gather();
  bool WriteGathered();
  bool Write();
  void LogFailure(const char* what, int error);

  const Options options_;
  const int fd_;
  spool::Doorbell bell_;
  spool::MemoryQueue queue_;
  RecordLineWriter lines_;
  std::atomic<bool> stopping_{false};

  // The thread's own: what was taken from the queue and is not safe yet.
  std::string text_;
  size_t text_written_ = 0;
  std::vector<spool::Receipt> receipts_;
  std::vector<session::AckTicket> tickets_;
  std::atomic<bool> failing_{false};  // of the last write; others read it

  operate::Counter written_;
  operate::Counter failures_;
  std::thread thread_;
};

}  // namespace sluice::pipeline
