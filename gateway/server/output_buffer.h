// Packets for one connection, gathered over a loop turn and encrypted as one.
//
// Holds no memory while it is empty for long: Clear() gives back what a burst made it grow to.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace sluice::server {

class OutputBuffer {
 public:
  // `encode` has the contract of mqtt::EncodePacket(): it returns the packet's size and has written
  // it if it fits. False, and nothing appended: the values fit into no packet of `max_size`.
  template <typename Encode>
  bool Append(const Encode& encode, size_t max_size) {
    const size_t before = bytes_.size();
    bytes_.resize(before + kGuess);
    size_t size = encode(std::span<char>(bytes_).subspan(before));
    if (size > max_size) size = 0;
    if (size > kGuess) {
      bytes_.resize(before + size);
      encode(std::span<char>(bytes_).subspan(before));
    }
    bytes_.resize(before + size);
    return size > 0;
  }

  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }
  std::span<const char> bytes() const { return bytes_; }

  void Clear() {
    if (bytes_.capacity() > kKept) {
      bytes_ = {};
    } else {
      bytes_.clear();
    }
  }

 private:
  static constexpr size_t kGuess = 16;  // an acknowledgement with a reason, a PINGRESP
  static constexpr size_t kKept = 1024;

  std::vector<char> bytes_;
};

}  // namespace sluice::server
