#include "filters/language/key_table.h"

#include <utility>

namespace sluice::language {

void KeyTable::Add(uint32_t parent, std::string_view key, uint32_t number) {
  if ((used_ + 1) * 2 > entries_.size()) Grow();
  const Words words = WordsOf(key, key.data() + key.size());
  Entry entry;
  entry.head = words.head;
  entry.tail = words.tail;
  entry.size = static_cast<uint32_t>(key.size());
  entry.parent = parent;
  entry.number = number;
  entry.hash = Hash(parent, key, words);
  if (key.size() > 2 * kWord) {
    entry.text = static_cast<uint32_t>(long_keys_.size());
    long_keys_ += key;
  }
  Place(entry);
  ++used_;
  filter_ |= FilterBit(key);
}

void KeyTable::Place(const Entry& entry) {
  size_t i = entry.hash & mask_;
  while (entries_[i].number != kNone) i = (i + 1) & mask_;
  entries_[i] = entry;
}

void KeyTable::Grow() {
  std::vector<Entry> old(2 * entries_.size());
  std::swap(old, entries_);
  mask_ = entries_.size() - 1;
  for (const Entry& entry : old) {
    if (entry.number != kNone) Place(entry);
  }
}

}  // namespace sluice::language
