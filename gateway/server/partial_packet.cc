#include "gateway/server/partial_packet.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::server {

void PartialPacket::Assign(std::string_view bytes) {
  begin_ = size_ = 0;
  Reserve(bytes.size());
  std::memcpy(data_.get(), bytes.data(), bytes.size());
  size_ = bytes.size();
}

std::span<char> PartialPacket::Room(size_t size) {
  Reserve(size_ + size);
  return {data_.get() + begin_ + size_, size};
}

void PartialPacket::Consume(size_t size) {
  begin_ += size;
  size_ -= size;
  if (size_ > 0) return;
  data_.reset();
  capacity_ = begin_ = 0;
}

// Room for `size` bytes from begin_ on; growth is geometric.
void PartialPacket::Reserve(size_t size) {
  if (begin_ + size + kSlack <= capacity_) return;
  constexpr size_t kLeast = 512;
  const size_t capacity = std::max(kLeast, std::max(size, size_ + size_ / 2)) + kSlack;
  // Zeroed: the slack behind a payload is read, though its value does not matter.
  std::unique_ptr<char[]> grown(new char[capacity]());
  if (size_ > 0) std::memcpy(grown.get(), data_.get() + begin_, size_);
  data_ = std::move(grown);
  capacity_ = capacity;
  begin_ = 0;
}

}  // namespace sluice::server
