// Numbers of JSON as readings are written: at most eight bytes, no exponent.
//
// How long they are and where their point stands differs from message to message: they are judged
// and converted by arithmetic on one word, without a branch that this would mislead.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "filters/json/scan.h"

namespace sluice::language {

class ShortNumber {
 public:
  static constexpr size_t kMaxSize = 8;

  // `word` holds eight bytes, the last `size` (1 to 8) of them the number.
  ShortNumber(uint64_t word, size_t size) {
    unsigned before = static_cast<unsigned>(64 - 8 * size);  // bits that are not the number's
    is_negative_ = (word >> before & 0xFF) == '-';
    if (is_negative_) {
      if (size == 1) return;
      before += 8;
    }
    digits_ = (word ^ kZeros) >> before << before;
    const uint64_t others = json::NonDigits(digits_ ^ kZeros);
    const bool leads_with_zero = (digits_ >> before & 0xFF) == 0;
    if (others == 0) {
      is_sound_ = !leads_with_zero || before == 56;
      return;
    }
    // One point, digits on either side, no zero before another digit.
    point_ = static_cast<unsigned>(std::countr_zero(others)) - 7;
    is_sound_ = (others & (others - 1)) == 0 && (digits_ >> point_ & 0xFF) == ('.' ^ '0') &&
                point_ > before && point_ < 56 && (!leads_with_zero || point_ == before + 8);
  }

  // Whether it is a number of that form. If not, it may be one of another.
  bool is_sound() const { return is_sound_; }

  // The nearest double: the digits and the power of ten are exact, and one division rounds once.
  double value() const {
    static constexpr double kPowers[] = {1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1};
    uint64_t digits = digits_;
    double power = 1;
    if (point_ != kNoPoint) {
      // What stands before the point moves over it.
      const uint64_t behind = digits_ >> point_ >> 8 << 8 << point_;
      digits = (digits_ & ((uint64_t{1} << point_) - 1)) << 8 | behind;
      power = kPowers[point_ / 8];
    }
    // Pairs of digits, then all eight.
    digits = digits * 10 + (digits >> 8);
    digits = ((digits & 0x000000FF000000FF) * 0x000F424000000064 +
              (digits >> 16 & 0x000000FF000000FF) * 0x0000271000000001) >>
             32;
    const double value = static_cast<double>(digits) / power;
    return is_negative_ ? -value : value;
  }

 private:
  static constexpr uint64_t kZeros = 0x3030303030303030;
  static constexpr unsigned kNoPoint = 64;

  uint64_t digits_ = 0;        // their values, a byte each, right-aligned; the point among them
  unsigned point_ = kNoPoint;  // its place, in bits
  bool is_negative_;
  bool is_sound_ = false;
};

}  // namespace sluice::language
