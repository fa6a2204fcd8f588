#include "gateway/uplink/gzip_fit.h"

#include <algorithm>
#include <cassert>

namespace sluice::uplink {

size_t FitCompressed(Gzip& gzip, std::string_view array, std::span<const uint32_t> ends,
                     uint64_t limit, std::string* out, uint64_t* tries) {
  assert(!ends.empty());
  size_t count = ends.size();
  for (;;) {
    ++*tries;
    gzip.Compress(array.substr(0, ends[count - 1]), "]", out);
    if (out->size() <= limit || count == 1) return count;
    // Less of it compresses a little worse: a fiftieth less than the ratio says.
    const uint64_t room = uint64_t{ends[count - 1]} * limit / out->size() * 49 / 50;
    const auto first_over = std::upper_bound(ends.begin(), ends.begin() + count, room);
    count = std::clamp<size_t>(static_cast<size_t>(first_over - ends.begin()), 1, count - 1);
  }
}

}  // namespace sluice::uplink
