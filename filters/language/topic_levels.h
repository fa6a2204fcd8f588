// The levels of a message's topic, split when first asked for: many rules never ask.
//
// For one thread. Allocates only for a topic deeper than any before.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace sluice::language {

// "a//b" has the levels a, empty, b. Reuses what `levels` holds.
void SplitTopic(std::string_view topic, std::vector<std::string_view>* levels);

class TopicLevels {
 public:
  void Start(std::string_view topic) {
    topic_ = topic;
    is_split_ = false;
  }

  // Until the next Start.
  std::span<const std::string_view> levels() {
    if (!is_split_) SplitTopic(topic_, &levels_);
    is_split_ = true;
    return levels_;
  }

 private:
  std::string_view topic_;
  bool is_split_ = false;
  std::vector<std::string_view> levels_;
};

}  // namespace sluice::language
