#include "filters/language/topic_levels.h"

#include <bit>
#include <cstddef>
#include <cstdint>

#include "filters/json/scan.h"

namespace sluice::language {

void SplitTopic(std::string_view topic, std::vector<std::string_view>* levels) {
  levels->clear();
  const char* const end = topic.data() + topic.size();
  const char* level = topic.data();
  const char* at = level;
  const auto split = [&](const char* slash) {
    levels->emplace_back(level, static_cast<size_t>(slash - level));
    level = slash + 1;
  };
  for (; end - at >= 8; at += 8) {
    for (uint64_t slashes = json::BytesEqual(json::LoadEight(at), '/'); slashes != 0;
         slashes &= slashes - 1) {
      split(at + std::countr_zero(slashes) / 8);
    }
  }
  for (; at != end; ++at) {
    if (*at == '/') split(at);
  }
  split(end);
}

}  // namespace sluice::language
