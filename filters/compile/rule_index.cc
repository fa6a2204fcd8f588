#include "filters/compile/rule_index.h"

#include <cstring>

namespace sluice::compile {

using language::Value;

namespace {

constexpr uint64_t kOdd = 0x9E3779B97F4A7C15;

template <typename Word>
uint64_t Load(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// Eight bytes a step. Only literals of rules are in the tables, so that nobody but the rules'
// author can make them cluster.
uint64_t HashOfText(std::string_view text) {
  uint64_t hash = text.size() * kOdd;
  const char* at = text.data();
  size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) {
    hash = (hash ^ Load<uint64_t>(at)) * kOdd;
    hash ^= hash >> 32;
  }
  if (left >= 4) {
    hash ^= Load<uint32_t>(at) | Load<uint32_t>(at + left - 4) << 32;
  } else if (left > 0) {
    hash ^=
        Load<uint8_t>(at) | Load<uint8_t>(at + left / 2) << 8 | Load<uint8_t>(at + left - 1) << 16;
  }
  hash *= kOdd;
  return hash ^ hash >> 29;
}

}  // namespace

void RuleIndex::ShrinkToFit() {
  const auto shrink = [](auto&... arrays) { (arrays.shrink_to_fit(), ...); };
  shrink(groups_, fields_, conjunct_places_, columns_, entries_, text_columns_, texts_, buckets_,
         segments_, segment_clauses_, dimensions_, bounds_, order_, bitmaps_, clauses_, tests_,
         conjuncts_);
}

uint64_t RuleIndex::HashOf(const Value& value) {
  uint64_t hash = 0;
  if (value.is_string()) {
    hash = HashOfText(value.string()) | 1;
  } else if (value.is_number()) {
    const double number = value.number() == 0 ? 0.0 : value.number();  // -0 equals 0
    std::memcpy(&hash, &number, sizeof(hash));
    hash = (hash ^ (hash >> 32)) * kOdd;
    hash = (hash ^ (hash >> 29)) | 1;
  } else if (value.is_bool()) {
    hash = value.bool_value() ? 3 : 5;
  }
  return hash;
}

bool RuleIndex::Same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  if (a.is_string()) return a.string() == b.string();
  if (a.is_number()) return a.number() == b.number();
  return a.is_bool() && a.bool_value() == b.bool_value();
}

const RuleIndex::Bucket* RuleIndex::Find(const Column& column, const Value& value,
                                         uint64_t hash) const {
  for (uint64_t place = hash >> 1;; ++place) {
    const Entry& entry = entries_[column.entries + (place & column.mask)];
    if (entry.bucket == kNone) return nullptr;
    if (entry.hash == hash && Same(entry.value, value)) return &buckets_[entry.bucket];
  }
}

}  // namespace sluice::compile
