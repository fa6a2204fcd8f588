// What reducers know as bytes, for a file that outlives a clean restart: bytes out, bytes in.
//
//   file     = magic version hash-key *worker digest       ; all little-endian
//   worker   = %x01 rules:u32 *definition states:u64 *state ; least recently used first
//   state    = rule:u32 key watched:u64 passed:i64 rate-used:i64 rate:i64 bits:u32 window
//   window   = %x00 / %x01 from:i64 to:i64 values:u32 *value
//   value    = count:u64 number:f64 spread:f64 kept:u8 text
//   definition, key, text = size:u32 bytes
//
// A rule is known by its definition: states of rules that are gone or changed are left out when the
// file is read. Bytes are foreign until their digest fits and each member lies in its bounds: a
// file is taken whole or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "filters/reduce/reducers.h"

namespace sluice::reduce {

class StateFileWriter {
 public:
  // `only_windows`: what on_change, dedup and the like let pass is not safe, and will be sent
  // again: to know it would hold it then.
  explicit StateFileWriter(const HashKey& key, bool only_windows = false);

  // All of them have the writer's key.
  void Add(const Reducers& reducers);
  std::string Finish();

 private:
  const bool only_windows_;
  std::string bytes_;
};

// Puts the states of devices that `takes` is true of into `reducers`, which have none yet and take
// on the file's hash key. No time in them will be later than `now_us`; windows that are over by
// then close at once. An error changes nothing.
absl::Status ReadStateFile(std::string_view bytes, int64_t now_us,
                           const std::function<bool(std::string_view device)>& takes,
                           Reducers* reducers);

}  // namespace sluice::reduce
