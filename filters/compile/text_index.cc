#include "filters/compile/text_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace sluice::compile {
namespace {

constexpr uint32_t kOdd = 0x9E3779B1;

uint32_t GramAt(const char* text, uint32_t size) {
  uint32_t gram = 0;
  std::memcpy(&gram, text, size);
  return gram;
}

template <uint32_t kSize>
uint32_t GramAt(const char* text) {
  return GramAt(text, kSize);
}

char Small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The shift that leaves as many of 32 bits as tell `count` apart.
uint32_t ShiftFor(size_t count) {
  return 32 - std::max<uint32_t>(1, static_cast<uint32_t>(std::bit_width(count - 1)));
}

template <uint32_t kSize, typename Meet>
void ForEachGram(std::string_view text, const std::vector<uint64_t>& filter, uint32_t shift,
                 Meet meet) {
  for (size_t i = 0; i + kSize <= text.size(); ++i) {
    const uint32_t gram = GramAt<kSize>(text.data() + i);
    const uint32_t bit = gram * kOdd >> shift;
    if ((filter[bit / 64] >> (bit % 64) & 1) != 0) meet(gram, i);
  }
}

}  // namespace

TextIndex::TextIndex(std::vector<Entry> entries, std::vector<std::string> patterns)
    : entries_(std::move(entries)), patterns_(std::move(patterns)) {
  for (const bool any_case : {false, true}) {
    for (uint32_t size = 1; size <= kGramBytes; ++size) AddTable(size, any_case);
  }
  if (patterns_.empty()) return;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kSetBytes);
  auto all = std::make_unique<RE2::Set>(options, RE2::ANCHOR_START);
  bool is_sound = true;
  for (const std::string& pattern : patterns_)
    is_sound = is_sound && all->Add(pattern, nullptr) >= 0;
  if (is_sound && all->Compile()) set_ = std::move(all);
}

void TextIndex::AddTable(uint32_t gram_size, bool any_case) {
  std::vector<std::pair<uint32_t, uint32_t>> grams;  // with their entries
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.gram_size != gram_size || entry.needle.any_case != any_case) continue;
    grams.emplace_back(GramAt(entry.needle.text.data() + entry.gram_at, gram_size), i);
  }
  if (grams.empty()) return;
  std::sort(grams.begin(), grams.end());
  Table table;
  table.gram_size = gram_size;
  table.any_case = any_case;
  any_case_ |= any_case;
  table.slot_shift = ShiftFor(2 * grams.size());
  table.slots.resize(size_t{1} << (32 - table.slot_shift));
  const size_t mask = table.slots.size() - 1;
  table.filter_shift = ShiftFor(std::max<size_t>(64, 16 * grams.size()));
  table.filter.resize((size_t{1} << (32 - table.filter_shift)) / 64);
  for (size_t i = 0; i < grams.size();) {
    Slot slot;
    slot.gram = grams[i].first;
    slot.first = static_cast<uint32_t>(order_.size());
    for (; i < grams.size() && grams[i].first == slot.gram; ++i) order_.push_back(grams[i].second);
    slot.count = static_cast<uint32_t>(order_.size()) - slot.first;
    const uint32_t hash = slot.gram * kOdd;
    const uint32_t bit = hash >> table.filter_shift;
    table.filter[bit / 64] |= uint64_t{1} << (bit % 64);
    size_t place = hash >> table.slot_shift;
    while (table.slots[place].count != 0) place = (place + 1) & mask;
    table.slots[place] = slot;
  }
  tables_.push_back(std::move(table));
}

bool TextIndex::Find(std::string_view text, Scratch* scratch,
                     std::vector<uint32_t>* numbers) const {
  const size_t first = numbers->size();
  const size_t words = entries_.size() / 64 + 1;
  if (scratch->found.size() < words) scratch->found.resize(words);
  if (any_case_) {
    scratch->small.resize(text.size());
    std::transform(text.begin(), text.end(), scratch->small.begin(), Small);
  }
  for (const Table& table : tables_) {
    FindGrams(table, table.any_case ? std::string_view(scratch->small) : text, scratch, numbers);
  }
  for (size_t i = first; i < numbers->size(); ++i) scratch->found[(*numbers)[i] / 64] = 0;
  return patterns_.empty() || FindExpressions(text, scratch, numbers);
}

void TextIndex::FindGrams(const Table& table, std::string_view text, Scratch* scratch,
                          std::vector<uint32_t>* numbers) const {
  const size_t mask = table.slots.size() - 1;
  const auto meet = [&](uint32_t gram, size_t at) {
    for (size_t place = gram * kOdd >> table.slot_shift; table.slots[place].count != 0;
         place = (place + 1) & mask) {
      if (table.slots[place].gram != gram) continue;
      Compare(table.slots[place], at, text, scratch, numbers);
      return;
    }
  };
  switch (table.gram_size) {
    case 1:
      return ForEachGram<1>(text, table.filter, table.filter_shift, meet);
    case 2:
      return ForEachGram<2>(text, table.filter, table.filter_shift, meet);
    case 3:
      return ForEachGram<3>(text, table.filter, table.filter_shift, meet);
    default:
      return ForEachGram<4>(text, table.filter, table.filter_shift, meet);
  }
}

void TextIndex::Compare(const Slot& slot, size_t at, std::string_view text, Scratch* scratch,
                        std::vector<uint32_t>* numbers) const {
  for (uint32_t i = slot.first; i < slot.first + slot.count; ++i) {
    const uint32_t number = order_[i];
    const Entry& entry = entries_[number];
    const std::string& needle = entry.needle.text;
    if (at < entry.gram_at) continue;
    const size_t start = at - entry.gram_at;
    if (text.size() - start < needle.size()) continue;
    if (entry.needle.at_start && start != 0) continue;
    if (entry.needle.at_end && start + needle.size() != text.size()) continue;
    uint64_t& found = scratch->found[number / 64];
    const uint64_t bit = uint64_t{1} << (number % 64);
    if ((found & bit) != 0) continue;
    if (std::memcmp(text.data() + start, needle.data(), needle.size()) != 0) continue;
    if (!entry.needle.next.is_empty() && (start + needle.size() == text.size() ||
                                          !entry.needle.next.Has(text[start + needle.size()]))) {
      continue;
    }
    found |= bit;
    numbers->push_back(number);
  }
}

bool TextIndex::FindExpressions(std::string_view text, Scratch* scratch,
                                std::vector<uint32_t>* numbers) const {
  const auto first = static_cast<uint32_t>(entries_.size());
  RE2::Set::ErrorInfo error{RE2::Set::kNoError};
  if (set_ != nullptr) {
    // Most texts match none, and to say so takes no memory.
    if (!set_->Match(text, nullptr, &error) && error.kind == RE2::Set::kNoError) return true;
    if (error.kind == RE2::Set::kNoError && set_->Match(text, &scratch->matches, &error)) {
      for (const int match : scratch->matches)
        numbers->push_back(first + static_cast<uint32_t>(match));
      return true;
    }
  }
  for (uint32_t i = 0; i < patterns_.size(); ++i) numbers->push_back(first + i);
  return false;
}

}  // namespace sluice::compile
