// All topic patterns of a program as a tree of levels: which ones a topic is of, in one walk.
//
// Patterns that select the same topics have one number, whatever their levels are called.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filters/compile/topic_pattern.h"

namespace sluice::compile {

class TopicIndex {
 public:
  // What a walk needs of memory; reused, it allocates only to grow.
  struct Scratch {
    std::vector<uint32_t> here;
    std::vector<uint32_t> next;
  };

  // The pattern's number; numbers count from 0 in the order patterns are first added.
  uint32_t Add(const TopicPattern& pattern);

  // Appends the numbers of all patterns that match, each once. `levels` as SplitTopic gives them.
  void Find(std::span<const std::string_view> levels, Scratch* scratch,
            std::vector<uint32_t>* found) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Node {
    std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> children;
    uint32_t any = kNone;    // the child for +
    uint32_t ends = kNone;   // the pattern that ends here
    uint32_t below = kNone;  // the pattern that ends here in #
  };

  uint32_t NewNode();

  std::vector<Node> nodes_ = std::vector<Node>(1);
  uint32_t patterns_ = 0;
};

}  // namespace sluice::compile
