#include "gateway/uplink/gzip.h"

#include <zlib.h>

#include <cassert>
#include <cstdlib>

namespace sluice::uplink {
namespace {

constexpr int kWindowBits = 15 + 16;  // 16: a gzip header and not zlib's
constexpr int kMemoryLevel = 8;

// zlib fails for want of memory alone, or by a mistake of ours.
void Check(bool ok) {
  assert(ok);
  if (!ok) std::abort();
}

}  // namespace

struct Gzip::Stream {
  z_stream z = {};
};

Gzip::Gzip(int level) : stream_(std::make_unique<Stream>()) {
  Check(deflateInit2(&stream_->z, level, Z_DEFLATED, kWindowBits, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) == Z_OK);
}

Gzip::~Gzip() { deflateEnd(&stream_->z); }

void Gzip::Compress(std::string_view text, std::string_view end, std::string* out) {
  z_stream& z = stream_->z;
  Check(deflateReset(&z) == Z_OK);
  out->resize(deflateBound(&z, text.size() + end.size()));
  z.next_out = reinterpret_cast<Bytef*>(out->data());
  z.avail_out = static_cast<uInt>(out->size());
  const auto feed = [&z](std::string_view part, int flush) {
    // zlib does not write there.
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));  // NOLINT
    z.avail_in = static_cast<uInt>(part.size());
    return deflate(&z, flush);
  };
  Check(feed(text, Z_NO_FLUSH) == Z_OK || text.empty());
  Check(feed(end, Z_FINISH) == Z_STREAM_END);
  out->resize(z.total_out);
}

}  // namespace sluice::uplink
