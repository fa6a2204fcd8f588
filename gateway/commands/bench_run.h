// Times the judging of messages that lie in memory: what `sluice bench` measures.
//
// Every message is judged whole from its bytes: content type, topic, body, rules, sets, shape. A
// judge is warm as a gateway's is (its buffers have grown); repeats shift the messages' times by
// the file's span. Latency is taken of single messages, of about every 13th one: the stride has no
// divisor in common with the number of messages, so that repeats time them all, and reading the
// clock costs the others nothing. What an empty measurement takes is subtracted. Each thread judges
// for a fifth of a millisecond, then reads bodies for a fifth of that, in turn, and counts its own
// processor time: what else the machine does meanwhile falls on neither.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "filters/compile/program.h"
#include "filters/language/message_view.h"

namespace sluice::commands {

struct BenchResult {
  uint64_t messages = 0;  // judged, repeats included
  uint64_t matched = 0;   // of them, by at least one rule
  double seconds = 0;     // of judging, processor time: the mean of the threads'
  uint64_t p50_ns = 0;
  uint64_t p99_ns = 0;
  double json_pass_ns = 0;  // 0: no body is a JSON object
};

// `messages` are not empty, keep their bytes, and have slack behind their payloads.
BenchResult RunBench(const std::shared_ptr<const compile::Program>& program,
                     std::span<const language::MessageView> messages, double seconds,
                     unsigned threads);

}  // namespace sluice::commands
