// Two lines, a filter and a topic or another filter: no reading outside of them; and whatever a
// filter inside another selects, the other selects too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "gateway/mqtt/topic.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::mqtt;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::vector<char>> lines;  // each in a block of its own
  for (size_t begin = 0; lines.size() < 3;) {
    const size_t end = text.find('\n', begin);
    const std::string_view line = text.substr(begin, end - begin);
    lines.emplace_back(line.begin(), line.end());
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  if (lines.size() < 3) return 0;
  const auto view = [&lines](size_t i) {
    return std::string_view(lines[i].data(), lines[i].size());
  };
  if (!ValidTopicFilter(view(0)) || !ValidTopicFilter(view(1)) || !ValidTopicName(view(2)))
    return 0;
  const std::string_view filter = SplitShared(view(0)).filter;
  const std::string_view outer = SplitShared(view(1)).filter;
  if (!FilterInside(filter, filter)) std::abort();
  if (FilterInside(filter, outer) && TopicMatches(filter, view(2)) && !TopicMatches(outer, view(2)))
    std::abort();
  if (ValidTopicName(filter) && TopicMatches(outer, filter) && !FilterInside(filter, outer))
    std::abort();
  return 0;
}
