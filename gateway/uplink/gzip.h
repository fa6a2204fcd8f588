// Text as one gzip member (RFC 1952), by zlib.
//
// Equal text gives equal bytes: the header has no time. One thread's; memory is kept from one
// member to the next.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::uplink {

class Gzip {
 public:
  // 1 (fast) to 9 (small). 6 is where small packs stop getting much smaller.
  explicit Gzip(int level = 6);
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Replaces `*out` by the member of `text` with `end` behind it.
  void Compress(std::string_view text, std::string_view end, std::string* out);

 private:
  struct Stream;
  const std::unique_ptr<Stream> stream_;
};

}  // namespace sluice::uplink
