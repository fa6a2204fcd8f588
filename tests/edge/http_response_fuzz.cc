// Whatever the bytes are: reading ends in a refusal, in "more", or in an answer within bounds; and
// what was an answer stays the same answer when more bytes follow.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "edge/http_message.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sluice::edge::ParseResponse;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = ParseResponse(bytes, false);
  const auto at_end = ParseResponse(bytes, true);
  if (whole.ok() && whole->has_value()) {
    Require((*whole)->status >= 200 && (*whole)->status <= 599);
    Require((*whole)->body.size() <= sluice::edge::kMaxResponseBodyBytes);
    Require(at_end.ok() && at_end->has_value() && (*at_end)->body == (*whole)->body);
  }
  if (at_end.ok()) Require(at_end->has_value());
  const size_t step = size / 16 + 1;
  for (size_t cut = 0; cut < size; cut += step) {
    const auto part = ParseResponse(bytes.substr(0, cut), false);
    // A refusal is for good, and so is an answer.
    if (!part.ok()) Require(!whole.ok());
    if (part.ok() && part->has_value()) {
      Require(whole.ok() && whole->has_value());
      Require((*whole)->status == (*part)->status && (*whole)->body == (*part)->body);
    }
  }
  return 0;
}
