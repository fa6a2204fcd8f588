// Which reason codes a packet may carry: the tables in section 3 of the specification.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "gateway/mqtt/result.h"

namespace sluice::mqtt {

class ReasonSet {
 public:
  constexpr ReasonSet(std::initializer_list<uint8_t> codes) {
    for (const uint8_t code : codes) words_[code >> 6] |= uint64_t{1} << (code & 63);
  }
  constexpr bool Has(Reason reason) const {
    const auto code = static_cast<uint8_t>(reason);
    return (words_[code >> 6] >> (code & 63) & 1) != 0;
  }

 private:
  uint64_t words_[4] = {};
};

}  // namespace sluice::mqtt
