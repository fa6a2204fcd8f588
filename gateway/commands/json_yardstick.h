// What judging is measured against: one pass of simdjson's on-demand front end over a body.
//
// The pass asks for the name and the type of every member and for no value: the least that reading
// a body can cost. What takes its time, the first stage, is the library's, which picks the widest
// instructions of the machine at run time; compiling the rest for them changes nothing (40 to 41 ns
// of a 200-byte body, from x86-64 to native).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "filters/language/message_view.h"

namespace sluice::commands {

// For one thread. Bodies that are no JSON objects are left out.
class JsonYardstick {
 public:
  // `messages` keep their bytes, and have slack behind their payloads.
  explicit JsonYardstick(std::span<const language::MessageView> messages);
  ~JsonYardstick();

  // Passes over bodies for so long, on from where the last call ended.
  void Run(double seconds);

  uint64_t passes() const { return passes_; }
  double seconds() const { return seconds_; }  // that they took, of this thread's processor time

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::vector<std::string_view> bodies_;
  size_t next_ = 0;
  uint64_t checksum_ = 0;  // for the compiler: something comes of it
  uint64_t passes_ = 0;
  double seconds_ = 0;
};

}  // namespace sluice::commands
