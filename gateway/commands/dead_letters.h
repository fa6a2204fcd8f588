// What an output could never deliver: a line of JSON each, with the reason, kept for a person.
//
// In a folder of mode 0700, files of mode 0600. Bounded: a full file takes the place of the one
// before it. Of one thread; the counts are for all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/operate/counter.h"
#include "gateway/operate/log.h"
#include "gateway/pipeline/record_line.h"
#include "gateway/spool/record.h"

namespace sluice::commands {

class DeadLetters {
 public:
  // Letters go to FOLDER/OUTPUT.jsonl; nothing is made before the first. `epoch` is that of this
  // process's ids.
  DeadLetters(std::string folder, std::string output, std::string_view epoch,
              uint64_t max_file_bytes = 8 << 20);

  // Returns when the disk has it, or will not: then the log says so.
  void Add(const spool::RecordView& record, std::string_view reason);

  uint64_t kept() const { return kept_.Get(); }
  uint64_t lost() const { return lost_.Get(); }

 private:
  bool Write();

  const std::string folder_;
  const std::string path_;
  const std::string output_;
  const uint64_t max_file_bytes_;
  pipeline::RecordLineWriter lines_;
  std::string line_;
  operate::LogLimiter log_limit_{0.1, 1};
  operate::Counter kept_;
  operate::Counter lost_;
};

}  // namespace sluice::commands
