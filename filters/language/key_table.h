// From a member's name, below the place it is a member of, to a number: what every name of every
// document is looked up in.
//
// A name of at most 16 bytes is compared as two words. Only names that some rule gives are entered,
// so that nobody but the rules' author can make the table cluster.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "filters/json/scan.h"

namespace sluice::language {

class KeyTable {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  KeyTable() : entries_(kSmallest), mask_(kSmallest - 1) {}

  // Such a name is not entered yet; `number` is not kNone.
  void Add(uint32_t parent, std::string_view key, uint32_t number);

  // What was entered, or kNone. Reads nothing at or behind `readable_end`, which is not before the
  // key's end; far behind it the key's bytes need not be copied.
  uint32_t Find(uint32_t parent, std::string_view key, const char* readable_end) const {
    if ((filter_ & FilterBit(key)) == 0) return kNone;
    const Words words = WordsOf(key, readable_end);
    for (size_t i = Hash(parent, key, words);; ++i) {
      const Entry& entry = entries_[i & mask_];
      if (entry.number == kNone) return kNone;
      if (entry.head == words.head && entry.tail == words.tail && entry.size == key.size() &&
          entry.parent == parent && (key.size() <= 2 * kWord || IsLongKey(entry, key))) {
        return entry.number;
      }
    }
  }

 private:
  static constexpr size_t kWord = sizeof(uint64_t);
  static constexpr size_t kSmallest = 32;  // entries; a power of two

  // The first and the last eight bytes; of a shorter name both are all of it, zeros behind.
  struct Words {
    uint64_t head = 0;
    uint64_t tail = 0;
  };

  struct Entry {
    uint64_t head = 0;
    uint64_t tail = 0;
    uint32_t size = 0;
    uint32_t parent = 0;
    uint32_t number = kNone;  // kNone: not used
    uint32_t hash = 0;
    uint32_t text = 0;  // of a name longer than two words: where it begins in long_keys_
  };

  // One of 64 for the size and first byte: most names of most documents are no rule's.
  static uint64_t FilterBit(std::string_view key) {
    const size_t first = key.empty() ? 0 : static_cast<unsigned char>(key.front());
    return uint64_t{1} << ((key.size() * 7 + first) % 64);
  }

  static Words WordsOf(std::string_view key, const char* readable_end) {
    static constexpr std::array<uint64_t, kWord + 1> kFirst = {0,
                                                               0xFF,
                                                               0xFFFF,
                                                               0xFFFFFF,
                                                               0xFFFFFFFF,
                                                               0xFFFFFFFFFF,
                                                               0xFFFFFFFFFFFF,
                                                               0xFFFFFFFFFFFFFF,
                                                               0xFFFFFFFFFFFFFFFF};
    const size_t size = std::min(key.size(), kWord);
    if (readable_end - key.data() >= static_cast<ptrdiff_t>(kWord)) {
      return {json::LoadEight(key.data()) & kFirst[size],
              json::LoadEight(key.data() + key.size() - size) & kFirst[size]};
    }
    char bytes[kWord] = {};
    std::copy_n(key.data(), size, bytes);
    return {json::LoadEight(bytes), json::LoadEight(bytes)};
  }

  // Not yet within the table's size.
  static uint32_t Hash(uint32_t parent, std::string_view key, const Words& words) {
    constexpr uint64_t kHeadMultiplier = 0x9E3779B97F4A7C15;
    constexpr uint64_t kTailMultiplier = 0xC2B2AE3D27D4EB4F;
    uint64_t tail = words.tail + key.size();
    for (size_t i = kWord; i + kWord < key.size(); i += kWord) {
      tail = (tail ^ json::LoadEight(key.data() + i)) * kHeadMultiplier;
      tail ^= tail >> 32;
    }
    const uint64_t hash = (words.head ^ parent) * kHeadMultiplier + tail * kTailMultiplier;
    return static_cast<uint32_t>(hash >> 32);
  }

  bool IsLongKey(const Entry& entry, std::string_view key) const {
    return std::memcmp(long_keys_.data() + entry.text, key.data(), key.size()) == 0;
  }

  void Place(const Entry& entry);
  void Grow();

  std::vector<Entry> entries_;  // open addressing; at most half of them used
  size_t mask_;                 // their number less one
  size_t used_ = 0;
  uint64_t filter_ = 0;  // the FilterBit of every name entered
  std::string long_keys_;
};

}  // namespace sluice::language
