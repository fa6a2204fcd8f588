// Memory for the texts that evaluation makes (concat, upper …): alive until Reset.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace sluice::language {

inline constexpr size_t kMaxText = 1u << 20;  // bytes of one text; what is longer is undefined
inline constexpr size_t kMaxScratch = 16 * kMaxText;  // of all texts between two Resets

// For one thread. After a Reset it has room, in one piece, for as much as was ever asked for
// between two of them.
class TextScratch {
 public:
  // Null where the text or the sum would pass its limit. `size` bytes, not cleared.
  char* Allocate(size_t size) {
    if (size > kMaxText || used_ + size > kMaxScratch) return nullptr;
    used_ += size;
    most_ = std::max(most_, used_);
    if (size > room_ || next_ == nullptr) Grow(size);
    room_ -= size;
    char* const text = next_;
    next_ += size;
    return text;
  }

  // Of the text allocated last, the end that was not needed.
  void GiveBack(size_t size) {
    used_ -= size;
    room_ += size;
    next_ -= size;
  }

  void Reset() {
    if (blocks_.size() > 1) {
      blocks_.clear();
      capacity_ = 0;
      Grow(most_);
    }
    used_ = 0;
    room_ = capacity_;
    next_ = blocks_.empty() ? nullptr : blocks_.front().get();
  }

 private:
  void Grow(size_t size) {
    capacity_ = std::max({size, 2 * capacity_, size_t{4096}});
    blocks_.push_back(std::make_unique<char[]>(capacity_));
    next_ = blocks_.back().get();
    room_ = capacity_;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t capacity_ = 0;  // of the last block
  char* next_ = nullptr;
  size_t room_ = 0;  // in the last block
  size_t used_ = 0;
  size_t most_ = 0;  // ever used at once, what was given back included
};

}  // namespace sluice::language
