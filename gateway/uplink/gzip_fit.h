// How much of an array fits into so many bytes when it is compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateway/uplink/gzip.h"

namespace sluice::uplink {

// `array` is "[…,…" without its end, `ends` where its members end in it; there is one at least.
// Leaves the compressed array of as many members as fit into `limit` bytes in `*out`, one if even
// that does not. Returns how many they are. Guesses by the ratio seen and compresses until it is
// right: once where all of it fits. Adds to `*tries` how often.
size_t FitCompressed(Gzip& gzip, std::string_view array, std::span<const uint32_t> ends,
                     uint64_t limit, std::string* out, uint64_t* tries);

}  // namespace sluice::uplink
