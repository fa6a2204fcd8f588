// A packet of which only a part has come, and what was read behind a packet that must wait.
//
// Grows with what has arrived, not with what a header announces. Behind the bytes lie kSlack
// readable ones, as the sink's payloads need them. Holds no memory while empty.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::server {

inline constexpr size_t kSlack = 64;

class PartialPacket {
 public:
  bool empty() const { return size_ == 0; }
  std::string_view bytes() const { return {data_.get() + begin_, size_}; }

  void Assign(std::string_view bytes);
  // Room for `size` more bytes behind those held; Commit() says how many were written.
  std::span<char> Room(size_t size);
  void Commit(size_t size) { size_ += size; }
  void Consume(size_t size);

 private:
  void Reserve(size_t size);

  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t size_ = 0;
};

}  // namespace sluice::server
