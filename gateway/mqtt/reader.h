// Reads MQTT's data types (section 1.5) off the front of a byte string, bounds checked.
//
// Every method answers false when the bytes do not hold what is asked; the reader must then be
// dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/mqtt/utf8.h"

namespace sluice::mqtt {

class Reader {
 public:
  explicit Reader(std::string_view bytes) : at_(bytes.data()), left_(bytes.size()) {}

  size_t left() const { return left_; }
  bool done() const { return left_ == 0; }
  std::string_view rest() const { return {at_, left_}; }

  bool Byte(uint8_t* value) {
    if (left_ < 1) return false;
    *value = At(0);
    Skip(1);
    return true;
  }

  bool TwoBytes(uint16_t* value) {
    if (left_ < 2) return false;
    *value = static_cast<uint16_t>(At(0) << 8 | At(1));
    Skip(2);
    return true;
  }

  bool FourBytes(uint32_t* value) {
    if (left_ < 4) return false;
    *value = static_cast<uint32_t>(At(0)) << 24 | static_cast<uint32_t>(At(1)) << 16 |
             static_cast<uint32_t>(At(2)) << 8 | At(3);
    Skip(4);
    return true;
  }

  // One to four bytes, in the shortest form [MQTT-1.5.5-1].
  bool VariableInteger(uint32_t* value) {
    uint32_t sum = 0;
    for (size_t i = 0; i < 4 && i < left_; ++i) {
      const uint8_t byte = At(i);
      sum |= static_cast<uint32_t>(byte & 0x7f) << (7 * i);
      if (byte >= 0x80) continue;
      if (byte == 0 && i > 0) return false;
      *value = sum;
      Skip(i + 1);
      return true;
    }
    return false;
  }

  bool Take(size_t size, std::string_view* bytes) {
    if (left_ < size) return false;
    *bytes = {at_, size};
    Skip(size);
    return true;
  }

  // Two bytes of length, then that many bytes.
  bool Binary(std::string_view* bytes) {
    uint16_t size = 0;
    return TwoBytes(&size) && Take(size, bytes);
  }

  bool Text(std::string_view* text) { return Binary(text) && ValidText(*text); }

 private:
  uint8_t At(size_t i) const { return static_cast<uint8_t>(at_[i]); }
  void Skip(size_t n) {
    at_ += n;
    left_ -= n;
  }

  const char* at_;
  size_t left_;
};

}  // namespace sluice::mqtt
