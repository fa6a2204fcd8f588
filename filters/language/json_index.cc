#include "filters/language/json_index.h"

#include <simdjson.h>

#include <algorithm>

#include "filters/language/utf8.h"

namespace sluice::language {
namespace {

constexpr size_t kSmallestCapacity = 4096;

// Of no use to the first stage, but the library wants to allocate for it.
constexpr size_t kUnusedDepth = 1;

}  // namespace

JsonIndex::JsonIndex() = default;
JsonIndex::~JsonIndex() = default;

bool JsonIndex::Build(std::string_view text) {
  offsets_ = {};
  if (text.empty()) return false;
  if (text.size() > capacity_ || implementation_ == nullptr) {
    const size_t capacity = std::max({kSmallestCapacity, text.size(), capacity_ * 2});
    implementation_.reset();
    capacity_ = 0;
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            capacity, kUnusedDepth, implementation_)) {
      return false;
    }
    capacity_ = capacity;
  }
  if (implementation_->stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                              simdjson::stage1_mode::regular)) {
    return false;
  }
  uint32_t* const offsets = implementation_->structural_indexes.get();
  const size_t count = implementation_->n_structural_indexes;
  offsets[count] = static_cast<uint32_t>(text.size());
  offsets_ = {offsets, count};
  return true;
}

size_t JsonIndex::ErrorOffset(std::string_view text) {
  const size_t limit = Utf8ErrorOffset(text);
  bool in_string = false;
  for (size_t at = 0; at < limit; ++at) {
    if (text[at] == '"') {
      in_string = !in_string;
    } else if (in_string && text[at] == '\\') {
      ++at;
    } else if (in_string && static_cast<unsigned char>(text[at]) < 0x20) {
      return at;
    }
  }
  return limit;
}

}  // namespace sluice::language
